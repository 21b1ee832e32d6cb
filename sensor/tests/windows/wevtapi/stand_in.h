/* A stand-in of the Event Log for tests: a wevtapi.dll over a folder of files, to be loaded instead of the system's.
 *
 * The folder is named by the environment variable SVCSENSOR_TEST_LOGS. In it, for a channel NAME:
 *
 *   NAME.log     what is logged, the oldest first: a line for each record, its XML in UTF-8, which holds its EventRecordID.
 *                Numbers follow one another. A line `!ERROR XML` is a record that can't be rendered: that fails with ERROR.
 *                Adding lines logs; a new file with only the last of them is a log that has overwritten the others; an
 *                empty one was cleared. Without a file there is no such channel.
 *   NAME.config  whether it is enabled, its largest size in bytes, whether it keeps the oldest: three numbers.
 *   NAME.queries written by the stand-in: the query of each subscription, a line each.
 *   misuse.txt   written by the stand-in: what the client did that the documents don't allow, and handles that it left open.
 *
 * Each function follows the Microsoft document that is named at it, and where several behaviours agree with that document,
 * the one that asks most of its client. What it does not do: of a query it understands which numbers of events are asked
 * for, and looks whether the rest is well-formed; it has neither sessions, callbacks nor render contexts, which are refused as
 * misuse, and nobody waits.
 */
#ifndef STAND_IN_H
#define STAND_IN_H

#include <stdlib.h>
#include <windows.h>
#include <winevt.h>

#define LONGEST_NAME 256

enum kind { SUBSCRIPTION = 1, QUERY, RECORD, BOOKMARK, CONFIG };

/* What a handle stands for. */
struct object {
    enum kind kind;
    WCHAR channel[LONGEST_NAME];
    union {
        struct subscription *subscription;
        /* The number of the record that a query gives next, whether it goes backwards, and what it asks for. */
        struct {
            ULONGLONG next;
            BOOL backwards;
            WCHAR *text;
        } query;
        struct {
            ULONGLONG number;
            DWORD error;
            WCHAR *text;
        } record;
        /* The number of the record that was read last; 0 for none. */
        ULONGLONG bookmark;
    };
};

/* One record of a log, in the text of its file. */
struct record {
    ULONGLONG number;
    /* With which rendering fails; 0 if it does not. */
    DWORD error;
    const char *text;
    DWORD length;
};

/* A log as it is now. */
struct log {
    struct record *records;
    DWORD count;
};

/* Guards everything below; the library's functions take it, and release it when they return. */
extern CRITICAL_SECTION lock;

/* object.c */
EVT_HANDLE object_new(enum kind kind, const WCHAR *channel, struct object **object);
enum kind object_kind(EVT_HANDLE handle);
struct object *object_of(EVT_HANDLE handle, enum kind kind, const char *function);
DWORD misuse(const char *function, const char *what);

/* log.c */
BOOL folder_path(WCHAR *path, const WCHAR *channel, const WCHAR *extension);
DWORD log_read(const WCHAR *channel, struct log *log);

/* filter.c */
BOOL filter_is_query(const WCHAR *query);
BOOL filter_takes(const WCHAR *query, const struct record *record);

/* subscription.c */
DWORD subscription_next(struct object *object, struct log *log, DWORD most, DWORD *first, DWORD *count);
void subscription_close(struct subscription *subscription);

#endif
