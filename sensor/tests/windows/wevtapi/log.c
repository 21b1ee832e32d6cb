/* The files that are the logs. */
#include "stand_in.h"

#include <string.h>

#define MOST_LOGS 8

/* A log as its file was when it was read last. */
static struct cached {
    WCHAR channel[LONGEST_NAME];
    BY_HANDLE_FILE_INFORMATION file;
    char *text;
    struct log log;
} cache[MOST_LOGS];

/* The path of a file of the folder; FALSE where no folder is named. */
BOOL folder_path(WCHAR *path, const WCHAR *channel, const WCHAR *extension)
{
    DWORD length = GetEnvironmentVariableW(L"SVCSENSOR_TEST_LOGS", path, MAX_PATH);
    if (!length || length + 2 + lstrlenW(channel) + lstrlenW(extension) > MAX_PATH)
        return FALSE;
    lstrcatW(path, L"\\");
    lstrcatW(path, channel);
    lstrcatW(path, extension);
    return TRUE;
}

static struct cached *cached_of(const WCHAR *channel)
{
    for (int i = 0; i < MOST_LOGS; i++) {
        if (!cache[i].channel[0])
            lstrcpynW(cache[i].channel, channel, LONGEST_NAME);
        if (!lstrcmpiW(cache[i].channel, channel))
            return &cache[i];
    }
    return NULL;
}

static BOOL is_same(const BY_HANDLE_FILE_INFORMATION *one, const BY_HANDLE_FILE_INFORMATION *other)
{
    return one->nFileIndexLow == other->nFileIndexLow && one->nFileIndexHigh == other->nFileIndexHigh &&
           one->nFileSizeLow == other->nFileSizeLow && !CompareFileTime(&one->ftLastWriteTime, &other->ftLastWriteTime);
}

/* Finds the records in the text, which ends with a NUL. A line that has no end yet is still being written. */
static void parse(struct cached *cached)
{
    const char *line = cached->text, *end;
    ULONGLONG number = 0;
    DWORD room = 0;
    cached->log.count = 0;
    for (; (end = strchr(line, '\n')); line = end + 1) {
        struct record record = { .number = number + 1, .text = line };
        if (*line == '!') {
            char *rest;
            record.error = strtoul(line + 1, &rest, 10);
            record.text = rest;
        }
        record.length = end - record.text;
        const char *id = strstr(line, "<EventRecordID>");
        if (id && id < end)
            record.number = strtoull(id + strlen("<EventRecordID>"), NULL, 10);
        number = record.number;
        if (cached->log.count == room) {
            room = room ? room * 2 : 64;
            cached->log.records = realloc(cached->log.records, room * sizeof record);
        }
        cached->log.records[cached->log.count++] = record;
    }
    if (!room) {
        free(cached->log.records);
        cached->log.records = NULL;
    }
}

/* Gives the log of a channel as it is now, and an error where there is none. It is valid until the lock is released. */
DWORD log_read(const WCHAR *channel, struct log *log)
{
    WCHAR path[MAX_PATH];
    struct cached *cached = cached_of(channel);
    if (!cached || !folder_path(path, channel, L".log"))
        return ERROR_EVT_CHANNEL_NOT_FOUND;
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return ERROR_EVT_CHANNEL_NOT_FOUND;
    BY_HANDLE_FILE_INFORMATION now;
    GetFileInformationByHandle(file, &now);
    if (!cached->text || !is_same(&cached->file, &now)) {
        DWORD size = 0;
        cached->text = realloc(cached->text, now.nFileSizeLow + 1);
        ReadFile(file, cached->text, now.nFileSizeLow, &size, NULL);
        cached->text[size] = 0;
        cached->file = now;
        parse(cached);
    }
    CloseHandle(file);
    *log = cached->log;
    return ERROR_SUCCESS;
}
