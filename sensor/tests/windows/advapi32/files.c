/* The files of the folder. */
#include "stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHARED (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/* The path of a file of the folder; FALSE where no folder is named. */
BOOL folder_path(WCHAR *path, const WCHAR *name, const WCHAR *extension)
{
    DWORD length = GetEnvironmentVariableW(L"SVCSENSOR_TEST_TRACE", path, MAX_PATH);
    if (!length || length + 2 + lstrlenW(name) + lstrlenW(extension) > MAX_PATH)
        return FALSE;
    lstrcatW(path, L"\\");
    lstrcatW(path, name);
    lstrcatW(path, extension);
    return TRUE;
}

/* Whether there is such a file. */
BOOL file_exists(const WCHAR *name, const WCHAR *extension)
{
    WCHAR path[MAX_PATH];
    return folder_path(path, name, extension) && GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
}

/* The text of a file, which the caller frees; NULL where there is none. */
char *file_read(const WCHAR *name, const WCHAR *extension)
{
    WCHAR path[MAX_PATH];
    DWORD size = 0;
    if (!folder_path(path, name, extension))
        return NULL;
    HANDLE file = CreateFileW(path, GENERIC_READ, SHARED, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return NULL;
    DWORD room = GetFileSize(file, NULL);
    char *text = malloc(room + 1);
    ReadFile(file, text, room, &size, NULL);
    text[size] = 0;
    CloseHandle(file);
    return text;
}

/* Writes a file, or adds to it, as `how` says. */
void file_write(const WCHAR *name, const WCHAR *extension, DWORD how, const char *text)
{
    WCHAR path[MAX_PATH];
    DWORD written;
    if (!folder_path(path, name, extension))
        return;
    HANDLE file = CreateFileW(path, FILE_APPEND_DATA, SHARED, NULL, how, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return;
    WriteFile(file, text, (DWORD)strlen(text), &written, NULL);
    CloseHandle(file);
}

/* Keeps what the client did wrong for the test, and gives the error for it. */
ULONG misuse(const char *function, const char *what)
{
    char line[256];
    snprintf(line, sizeof line, "%s: %s\n", function, what);
    file_write(L"misuse", L".txt", OPEN_ALWAYS, line);
    return ERROR_INVALID_PARAMETER;
}

BOOL WINAPI DllMain(HINSTANCE library, DWORD reason, LPVOID process_ends)
{
    (void)library;
    (void)process_ends;
    if (reason == DLL_PROCESS_ATTACH)
        InitializeCriticalSection(&lock);
    return TRUE;
}
