/* Handles, and what was done with them that is not allowed. */
#include "stand_in.h"

#include <stdio.h>

#define MOST_OBJECTS 4096

CRITICAL_SECTION lock;
static struct object *objects[MOST_OBJECTS];
/* How often a place was used: a handle that was closed is known as such after its place is taken again. */
static DWORD uses[MOST_OBJECTS];
static DWORD open_objects;

EVT_HANDLE object_new(enum kind kind, const WCHAR *channel, struct object **object)
{
    for (DWORD place = 0; place < MOST_OBJECTS; place++) {
        if (objects[place])
            continue;
        struct object *new = calloc(1, sizeof *new);
        new->kind = kind;
        lstrcpynW(new->channel, channel ? channel : L"", LONGEST_NAME);
        objects[place] = new;
        open_objects++;
        *object = new;
        return (EVT_HANDLE)(((ULONG_PTR)++uses[place] << 16) | (place + 1));
    }
    misuse("a handle", "too many are open");
    abort();
}

/* The place of a handle that is open, or -1. */
static LONG place_of(EVT_HANDLE handle)
{
    LONG place = (LONG)((ULONG_PTR)handle & 0xffff) - 1;
    if (place < 0 || place >= MOST_OBJECTS || !objects[place])
        return -1;
    return (ULONG_PTR)handle >> 16 == uses[place] ? place : -1;
}

/* What an open handle stands for; 0 where it is not open. */
enum kind object_kind(EVT_HANDLE handle)
{
    LONG place = place_of(handle);
    return place < 0 ? 0 : objects[place]->kind;
}

/* The object of an open handle of this kind; else NULL, with the error set. */
struct object *object_of(EVT_HANDLE handle, enum kind kind, const char *function)
{
    LONG place = place_of(handle);
    if (place >= 0 && objects[place]->kind == kind)
        return objects[place];
    misuse(function, place < 0 ? "a handle that is not open" : "a handle of another kind");
    SetLastError(ERROR_INVALID_HANDLE);
    return NULL;
}

/* Keeps what the client did wrong for the test, and gives the error for it. */
DWORD misuse(const char *function, const char *what)
{
    WCHAR path[MAX_PATH];
    if (folder_path(path, L"misuse", L".txt")) {
        HANDLE file = CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_ALWAYS, 0, NULL);
        if (file != INVALID_HANDLE_VALUE) {
            char line[256];
            DWORD written;
            int length = snprintf(line, sizeof line, "%s: %s\n", function, what);
            WriteFile(file, line, length, &written, NULL);
            CloseHandle(file);
        }
    }
    return ERROR_INVALID_PARAMETER;
}

/* https://learn.microsoft.com/windows/win32/api/winevt/nf-winevt-evtclose */
BOOL WINAPI EvtClose(EVT_HANDLE handle)
{
    EnterCriticalSection(&lock);
    LONG place = place_of(handle);
    if (place < 0) {
        misuse("EvtClose", "a handle that is not open");
    } else {
        struct object *object = objects[place];
        if (object->kind == SUBSCRIPTION)
            subscription_close(object->subscription);
        if (object->kind == RECORD)
            free(object->record.text);
        if (object->kind == QUERY)
            free(object->query.text);
        free(object);
        objects[place] = NULL;
        open_objects--;
    }
    LeaveCriticalSection(&lock);
    if (place < 0)
        SetLastError(ERROR_INVALID_HANDLE);
    return place >= 0;
}

BOOL WINAPI DllMain(HINSTANCE library, DWORD reason, LPVOID process_ends)
{
    (void)library;
    (void)process_ends;
    if (reason == DLL_PROCESS_ATTACH)
        InitializeCriticalSection(&lock);
    /* Other threads are gone by now, with or without the lock. */
    if (reason == DLL_PROCESS_DETACH && open_objects) {
        char what[64];
        snprintf(what, sizeof what, "%lu handles were left open", open_objects);
        misuse("the end", what);
    }
    return TRUE;
}
