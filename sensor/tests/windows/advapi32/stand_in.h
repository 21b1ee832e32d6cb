/* A stand-in of trace sessions for tests: a library that a copy of the sensor imports instead of advapi32.dll. It has the
 * functions of event tracing itself, and hands on all others to the system's library.
 *
 * The environment variable SVCSENSOR_TEST_TRACE names its folder. In it, for a session NAME:
 *
 *   NAME.session  made by the stand-in, and there as long as the session runs: also when the process that started it was
 *                 killed. It holds a number that no other session has, and the session's handle. Who removes it stops the
 *                 session, and who writes one starts it.
 *   NAME.enabled  written by the stand-in, a line for each time that a provider was enabled: its id, the keywords of which
 *                 one is enough, `own:` and what it was handed besides, and the numbers of the events that are wanted.
 *   NAME.records  what providers log, which the session keeps if it was asked for, a line for each record:
 *                 ID NUMBER VERSION KEYWORDS PROCESS PAYLOAD, keywords and payload in hexadecimal. A line that begins with `~`
 *                 stays in a buffer until the session is stopped, and so do those after it. The start of a session empties it.
 *   NAME.lost     how many records, and how many buffers of a session in real time, are lost: two numbers.
 *   NAME.lost-at-end  the same for the call that stops the session.
 *   full.txt      as long as it is there the system has as many sessions as it can, and starts no further one.
 *   misuse.txt    written by the stand-in: what the client did that the documents don't allow.
 *
 * Each function follows the Microsoft document that is named at it, and where several behaviours agree with that document,
 * the one that asks most of its client. What it does not do: it has no log files, private
 * sessions, levels, schemas or stack traces; of filters it knows that by event number, and that of no type, which it keeps.
 */
#ifndef STAND_IN_H
#define STAND_IN_H

/* The functions are this library's own, not imported. */
#define WMIAPI WINAPI
#define WINVER 0x0a00
#define _WIN32_WINNT 0x0a00
#include <windows.h>
#include <evntrace.h>
#include <evntcons.h>

#define MOST_SESSIONS 8
#define MOST_PROVIDERS 16
#define LONGEST_NAME 64

/* A provider that a session takes records of. */
struct provider {
    GUID id;
    ULONGLONG any;
    /* What a filter of no type hands to the provider; 0 for nothing. */
    ULONG own;
    /* The events that are wanted; none means all. */
    USHORT events[64];
    USHORT event_count;
};

/* A session that this process has started. */
struct session {
    WCHAR name[LONGEST_NAME];
    /* Tells it from a later one of the same name. */
    ULONGLONG mark;
    struct provider providers[MOST_PROVIDERS];
    DWORD provider_count;
};

/* Guards everything below. */
extern CRITICAL_SECTION lock;

/* files.c */
BOOL folder_path(WCHAR *path, const WCHAR *name, const WCHAR *extension);
BOOL file_exists(const WCHAR *name, const WCHAR *extension);
char *file_read(const WCHAR *name, const WCHAR *extension);
void file_write(const WCHAR *name, const WCHAR *extension, DWORD how, const char *text);
ULONG misuse(const char *function, const char *what);

/* session.c */
struct session *session_named(const WCHAR *name);
BOOL session_runs(const struct session *session);

#endif
