//! The commands, one module each.

pub mod audit;
pub mod credential;
pub mod doctor;
pub mod env;
pub mod exec;
pub mod helpers;
pub mod identity;
pub mod keys;
pub mod login;
pub mod logout;
pub mod members;
pub mod migrate;
pub mod plain_files;
pub mod print;
pub mod providers;
pub mod purge;
pub mod scan;
pub mod status;
pub mod sync;
