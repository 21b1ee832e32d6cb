/* Queries, as far as the stand-in understands them. */
#include "stand_in.h"

#include <stdio.h>
#include <string.h>

/* Whether it looks like XPath or a structured query. */
BOOL filter_is_query(const WCHAR *query)
{
    int brackets = 0, quotes = 0;
    for (const WCHAR *letter = query; *letter; letter++) {
        if (*letter == '\'')
            quotes++;
        if (quotes % 2)
            continue;
        brackets += (*letter == '[' || *letter == '(') - (*letter == ']' || *letter == ')');
        if (brackets < 0)
            return FALSE;
    }
    return !brackets && quotes % 2 == 0 && (*query == '*' || !wcsncmp(query, L"<QueryList>", 11));
}

/* Whether a query asks for a record: for all, or for those of this number of event. */
BOOL filter_takes(const WCHAR *query, const struct record *record)
{
    WCHAR term[32];
    const char *start = strstr(record->text, "<EventID");
    if (!wcscmp(query, L"*") || !start || start >= record->text + record->length)
        return TRUE;
    swprintf(term, sizeof term / sizeof *term, L"EventID=%lu", strtoul(strchr(start, '>') + 1, NULL, 10));
    for (const WCHAR *found = query; (found = wcsstr(found, term)); found++) {
        WCHAR after = found[wcslen(term)];
        if (after < L'0' || after > L'9')
            return TRUE;
    }
    return FALSE;
}
