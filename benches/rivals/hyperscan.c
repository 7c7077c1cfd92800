/* The article's seven patterns through Hyperscan, from standard input to standard output.
 *
 *     cc -O3 hyperscan.c $(pkg-config --cflags --libs libhs) -o hyperscan
 *
 * Block mode over blocks of whole lines, with the start of each match, which masking
 * needs. Hyperscan reports every end that a match may have; what overlaps becomes one
 * mask. That is what replacing one pattern after the other comes to, but where a match
 * begins inside of another and goes on past it.
 */

#define _GNU_SOURCE /* memrchr */
#include <errno.h>
#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What blackbar reads at once. */
enum { READ = 256 * 1024, PATTERNS = 7 };

static const char mask[] = "[REDACTED]";
enum { MASK = sizeof mask - 1 };

static const char *const patterns[PATTERNS] = {
    "password=['\"][^'\"\\n]+['\"]",
    "secret=['\"][^'\"\\n]+['\"]",
    "token=['\"][^'\"\\n]+['\"]",
    "key=['\"][^'\"\\n]+['\"]",
    "Bearer[ \\t\\r\\x0b\\x0c]+[A-Za-z0-9\\-._~+/]+=*",
    "sk_live_[A-Za-z0-9]+",
    "postgresql://[^@\\n]+@",
};

enum { SOM = HS_FLAG_SOM_LEFTMOST, NAME = SOM | HS_FLAG_CASELESS };
static const unsigned flags[PATTERNS] = {NAME, NAME, NAME, NAME, SOM, SOM, SOM};

struct span { size_t from, to; };

/* The matches of a block, by place, no two of them overlapping. */
struct spans { struct span *at; size_t count, room; };

struct buffer { char *bytes; size_t room; };

static void fail(const char *what)
{
    fprintf(stderr, "hyperscan: %s\n", what);
    exit(3);
}

static void *grown(void *memory, size_t size)
{
    memory = realloc(memory, size);
    if (!memory)
        fail("no memory");
    return memory;
}

/* Matches come by their ends, so that a new one can overlap the last ones only. */
static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                    void *context)
{
    (void)id, (void)flags;
    struct spans *spans = context;
    size_t begin = from;
    while (spans->count && spans->at[spans->count - 1].to > begin) {
        spans->count--;
        if (spans->at[spans->count].from < begin)
            begin = spans->at[spans->count].from;
    }
    if (spans->count == spans->room) {
        spans->room = spans->room ? 2 * spans->room : 1024;
        spans->at = grown(spans->at, spans->room * sizeof *spans->at);
    }
    spans->at[spans->count++] = (struct span){begin, to};
    return 0;
}

static size_t read_some(char *to, size_t most)
{
    ssize_t length;
    do
        length = read(STDIN_FILENO, to, most);
    while (length < 0 && errno == EINTR);
    if (length < 0)
        fail(strerror(errno));
    return length;
}

static void write_all(const char *bytes, size_t length)
{
    while (length) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written < 0 && errno != EINTR)
            fail(strerror(errno));
        if (written > 0)
            bytes += written, length -= written;
    }
}

/* The block with its matches masked; how long that is. */
static size_t redact(const char *block, size_t length, const struct spans *spans,
                     struct buffer *out)
{
    size_t most = length + spans->count * MASK;
    if (out->room < most)
        out->bytes = grown(out->bytes, out->room = 2 * most);
    char *to = out->bytes;
    size_t copied = 0;
    for (size_t i = 0; i < spans->count; i++) {
        size_t clean = spans->at[i].from - copied;
        memcpy(to, block + copied, clean);
        memcpy(to + clean, mask, MASK);
        to += clean + MASK;
        copied = spans->at[i].to;
    }
    memcpy(to, block + copied, length - copied);
    return to - out->bytes + length - copied;
}

int main(void)
{
    hs_database_t *database;
    hs_compile_error_t *error;
    hs_scratch_t *scratch = NULL;
    if (hs_compile_multi(patterns, flags, NULL, PATTERNS, HS_MODE_BLOCK, NULL, &database, &error))
        fail(error->message);
    if (hs_alloc_scratch(database, &scratch))
        fail("no scratch");

    struct buffer in = {grown(NULL, READ), READ}, out = {NULL, 0};
    struct spans spans = {NULL, 0, 0};
    for (size_t filled = 0, length = 1; length;) {
        if (filled == in.room)
            in.bytes = grown(in.bytes, in.room *= 2);
        length = read_some(in.bytes + filled, in.room - filled);
        filled += length;
        /* Whole lines; at the end of the input, all. */
        char *newline = length ? memrchr(in.bytes, '\n', filled) : NULL;
        size_t whole = newline ? (size_t)(newline + 1 - in.bytes) : length ? 0 : filled;
        if (!whole)
            continue;
        spans.count = 0;
        if (hs_scan(database, in.bytes, whole, 0, scratch, on_match, &spans))
            fail("the scan was given up");
        size_t redacted = redact(in.bytes, whole, &spans, &out);
        write_all(out.bytes, redacted);
        memmove(in.bytes, in.bytes + whole, filled -= whole);
    }
    return 0;
}
