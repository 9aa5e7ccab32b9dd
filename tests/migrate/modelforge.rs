//! With the real ModelForge.
