/* keys EVENT FILE COMMAND...: starts a command in a separate console, waits for the file that it creates, sends it Ctrl-C (0), Ctrl-Break (1)
 * or the end of the console (2), and prints its exit status. It does that as Windows does: it starts a thread of CtrlRoutine in the process.
 * wine's GenerateConsoleCtrlEvent supports only Ctrl-C. */
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

static void add(char *line, size_t size, const char *word) {
    size_t length = strlen(line);
    snprintf(line + length, size - length, "%s\"%s\"", length ? " " : "", word);
}

int main(int count, char **words) {
    char line[8192] = "";
    STARTUPINFOA how = {.cb = sizeof how};
    PROCESS_INFORMATION process;
    DWORD status = 0;
    if (count < 4)
        return 2;
    for (int at = 3; at < count; at++)
        add(line, sizeof line, words[at]);
    if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL, &how, &process))
        return 1;
    for (int turns = 0; turns < 600 && GetFileAttributesA(words[2]) == INVALID_FILE_ATTRIBUTES; turns++)
        Sleep(100);
    FARPROC routine = GetProcAddress(GetModuleHandleA("kernelbase.dll"), "CtrlRoutine");
    if (!routine)
        routine = GetProcAddress(GetModuleHandleA("kernel32.dll"), "CtrlRoutine");
    CreateRemoteThread(process.hProcess, NULL, 0, (LPTHREAD_START_ROUTINE)routine, (void *)(DWORD_PTR)atoi(words[1]), 0, NULL);
    WaitForSingleObject(process.hProcess, 60000);
    GetExitCodeProcess(process.hProcess, &status);
    printf("%lu\n", status);
    return 0;
}
