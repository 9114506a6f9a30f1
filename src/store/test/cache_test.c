/* The cache against a store that the test holds: files that stay open, what makes them be compared again, what a worker
 * is told it need not ask for, and what becomes of a reader whose file is damaged, removed or given up meanwhile. */
#include "base/clock.h"
#include "base/object_wire.h"
#include "fake_s3.h"
#include "store/gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static const char URI[] = "s3://lake/t/a.parquet";
enum { RESTING_MAX = 128, DAMAGED = 3 /* a block */ };

static const char *uri_of(int number)
{
    static char text[64];
    snprintf(text, sizeof text, "s3://lake/t/%d.parquet", number);
    return text;
}

/* How many of this process's descriptors are files of the cache, removed ones too. */
static int open_files(void)
{
    char path[320], to[256];
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    for (struct dirent *e; (e = readdir(dir));) {
        snprintf(path, sizeof path, "/proc/self/fd/%s", e->d_name);
        ssize_t n = readlink(path, to, sizeof to - 1);
        to[n > 0 ? n : 0] = 0;
        count += strstr(to, fake_directory) && (strstr(to, ".data") || strstr(to, ".sums"));
    }
    closedir(dir);
    return count;
}

static void path_of(const struct hs_object *o, const char *kind, char out[160])
{
    snprintf(out, 160, "%s/%s.%s", fake_directory, o->name, kind);
}

/* A block of its file gets other bytes, by somebody who is not the cache. */
static void damage(const struct hs_object *o, int block)
{
    char path[160];
    usleep(20000); /* a file's times are those of the last tick */
    path_of(o, "data", path);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "damage", 6, (int64_t)block * HS_BLOCK + 5), 6);
    close(fd);
}

/* ---- files that stay open ---- */

static struct hs_object *at_rest(void)
{
    fake_read_all(URI);
    struct hs_object *o = fake_open(URI);
    hs_object_close(o); /* it is in the table: nothing frees it */
    FAKE_SET(asked, 0);
    return o;
}

static void what_rests_is_not_opened_again(void **state)
{
    (void)state;
    struct hs_object *o = at_rest();
    int data = o->data;
    assert_true(data >= 0 && o->resting >= 0);
    assert_int_equal(open_files(), 2);
    o = fake_open(URI);
    assert_int_equal(o->data, data);
    assert_int_equal(o->resting, -1);
    assert_int_equal(o->state[0], HS_BLOCK_GOOD);
    assert_true(hs_object_has(o, 0, fake.size));
    hs_object_close(o);
    assert_int_equal(fake_asked(), 0);
}

static void what_was_written_in_is_compared_again(void **state)
{
    (void)state;
    struct hs_object *o = at_rest();
    damage(o, DAMAGED);
    fake_read_all(URI); /* right bytes */
    assert_int_equal(fake_asked(), 1);
    fake_read_all(URI);
    assert_int_equal(fake_asked(), 1); /* it was mended, once */
}

static void after_a_minute_it_is_compared_again(void **state)
{
    (void)state;
    struct hs_object *o = at_rest();
    o->rested_us -= 59 * INT64_C(1000000);
    o = fake_open(URI);
    assert_int_equal(o->state[0], HS_BLOCK_GOOD);
    hs_object_close(o);
    o->rested_us -= 61 * INT64_C(1000000);
    o = fake_open(URI);
    assert_int_equal(o->data, -1);
    assert_false(hs_object_has(o, 0, 1));
    hs_object_close(o);
    fake_read_all(URI);
    assert_int_equal(fake_asked(), 0); /* all of it was there, and good */
}

static void files_that_are_removed_come_again(void **state)
{
    (void)state;
    char path[160];
    struct hs_object *o = at_rest();
    path_of(o, "data", path);
    assert_int_equal(unlink(path), 0);
    fake_read_all(URI);
    assert_true(fake_asked() > 0);
    FAKE_SET(asked, 0);
    path_of(o, "sums", path); /* and the other one alone: nobody looks until it is opened */
    assert_int_equal(unlink(path), 0);
    fake_read_all(URI);
    assert_int_equal(fake_asked(), 0);
    o->rested_us = 0;
    fake_read_all(URI);
    assert_true(fake_asked() > 0);
}

static void files_that_are_replaced_or_cut_come_again(void **state)
{
    (void)state;
    char path[160], other[200];
    struct hs_object *o = at_rest();
    path_of(o, "data", path);
    snprintf(other, sizeof other, "%s.new", path);
    FILE *f = fopen(other, "w");
    fputs("of another size and other bytes", f);
    fclose(f);
    assert_int_equal(rename(other, path), 0);
    fake_read_all(URI);
    assert_true(fake_asked() > 0);
    FAKE_SET(asked, 0);
    assert_int_equal(truncate(path, 100), 0);
    fake_read_all(URI);
    assert_true(fake_asked() > 0);
}

/* Whoever has it open when the directory is swept reads on in what he has; it does not rest then. */
static void a_file_removed_under_its_reader(void **state)
{
    (void)state;
    char path[160];
    struct hs_err err;
    struct hs_object *o = fake_open(URI);
    assert_int_equal(fake_read(o, 0, 100, &err), HS_OK);
    path_of(o, "data", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(fake_read(o, 0, (size_t)fake.size, &err), HS_OK);
    hs_object_close(o);
    assert_int_equal(o->resting, -1);
    assert_int_equal(open_files(), 0);
    fake_read_all(URI);
}

/* What was compared is not compared again while it is open: but a file that has become shorter is an error, not zeros.
 */
static void a_file_cut_under_its_reader(void **state)
{
    (void)state;
    char path[160];
    struct hs_err err;
    struct hs_object *o = fake_open(URI);
    assert_int_equal(fake_read(o, 0, (size_t)fake.size, &err), HS_OK);
    path_of(o, "data", path);
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(fake_read(o, HS_BLOCK, 100, &err), HS_UNAVAILABLE);
    hs_object_close(o);
    assert_int_equal(o->resting, -1);
    fake_read_all(URI);
}

static void only_so_many_rest(void **state)
{
    (void)state;
    struct hs_object *first = NULL;
    FAKE_SET(size, 5000);
    for (int i = 0; i < RESTING_MAX + 20; i++) {
        fake_read_all(uri_of(i));
        if (!first)
            hs_object_close(first = fake_open(uri_of(0)));
        assert_true(open_files() <= 2 * RESTING_MAX);
    }
    assert_int_equal(open_files(), 2 * RESTING_MAX);
    assert_int_equal(first->resting, -1); /* who rested longest */
    FAKE_SET(asked, 0);
    for (int i = 0; i < RESTING_MAX + 20; i++) /* again all of them, from disk */
        fake_read_all(uri_of(i));
    assert_int_equal(fake_asked(), 0);
    assert_int_equal(open_files(), 2 * RESTING_MAX);
}

static void what_is_given_up_does_not_rest(void **state)
{
    (void)state;
    struct hs_err err;
    struct stat st;
    char path[160], held_path[160];
    fake_store_clear();
    assert_int_equal(mkdir(fake_directory, 0700), 0);
    fake_store_open(3 * fake.size);
    fake_read_all(uri_of(0));
    struct hs_object *held = fake_open(uri_of(1));
    assert_int_equal(fake_read(held, 0, (size_t)fake.size, &err), HS_OK);
    struct hs_object *o = fake_open(uri_of(0));
    path_of(o, "data", path);
    path_of(held, "data", held_path);
    hs_object_close(o);
    for (int i = 2; i < 12; i++)
        fake_read_all(uri_of(i));
    assert_int_equal(stat(path, &st), -1);
    assert_int_equal(stat(held_path, &st), 0);
    assert_true(open_files() <= 2 * 3);
    FAKE_SET(asked, 0);
    assert_int_equal(fake_read(held, 0, (size_t)fake.size, &err), HS_OK); /* what somebody reads is never given up */
    assert_int_equal(fake_asked(), 0);
    hs_object_close(held);
    fake_read_all(uri_of(0)); /* what was is fetched */
    assert_int_equal(fake_asked() > 0, 1);
}

/* Another version came between opening it and its first read: its files are not made anew, for nobody would count them.
 */
static void what_was_replaced_leaves_no_files(void **state)
{
    (void)state;
    struct hs_err err;
    struct stat st;
    char path[160];
    at_rest();
    hs_store_close();
    fake_store_open(1 << 30);
    struct hs_object *before = fake_open(URI);
    assert_int_equal(before->data, -1); /* size and ETag alone were news */
    path_of(before, "data", path);
    FAKE_SET(version, 2);
    before->known_us = 0;
    fake_read_all(URI);
    assert_true(before->gone);
    assert_int_equal(stat(path, &st), -1);
    assert_int_equal(fake_read(before, 0, 100, &err), HS_CONFLICT);
    assert_int_equal(stat(path, &st), -1);
    hs_object_close(before);
}

/* ---- what a worker is told with OPEN ---- */

struct told {
    int failed, fd;
    size_t len;
    uint8_t bits[HS_OBJECT_BITS];
};

static int open_gateway(struct hs_gateway **out)
{
    struct hs_err err;
    hs_str name = hs_str_of(URI);
    int fd = -1;
    assert_int_equal(hs_gateway_open(&name, 1, out, &fd, &err), HS_OK);
    return fd;
}

static struct told ask(int fd, struct hs_object_ask q)
{
    struct told t = {.fd = -1};
    struct hs_object_reply r;
    struct iovec parts[2] = {{&r, sizeof r}, {t.bits, sizeof t.bits}};
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr m = {
        .msg_iov = parts, .msg_iovlen = 2, .msg_control = control.room, .msg_controllen = sizeof control.room};
    assert_int_equal(send(fd, &q, sizeof q, MSG_NOSIGNAL), sizeof q);
    ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
    assert_true(n >= (ssize_t)sizeof r);
    assert_int_equal(r.id, q.id);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (c)
        memcpy(&t.fd, CMSG_DATA(c), sizeof t.fd);
    t.failed = r.failed;
    t.len = (size_t)n - sizeof r;
    return t;
}

static bool told(const struct told *t, int block)
{
    return (size_t)block / 8 < t->len && t->bits[block / 8] >> block % 8 & 1;
}

/* Every block that need not be asked for is right in the file that came; how many these are. */
static int right_blocks(const struct told *t, int version)
{
    char block[HS_BLOCK];
    int count = 0;
    for (int i = 0; i < (int)hs_block_count(fake.size); i++) {
        if (!told(t, i))
            continue;
        ssize_t n = pread(t->fd, block, sizeof block, (int64_t)i * HS_BLOCK);
        assert_true(n > 0 && fake_is(block, (int64_t)i * HS_BLOCK, (size_t)n, version));
        count++;
    }
    return count;
}

static const struct hs_object_ask OPEN = {HS_OBJECT_OPEN, 1, 0, 0, 0, 0};

static void only_what_is_there_need_not_be_asked_for(void **state)
{
    (void)state;
    struct hs_gateway *g;
    int fd = open_gateway(&g);
    struct told first = ask(fd, OPEN);
    assert_int_equal(first.failed, 0);
    assert_true(right_blocks(&first, 1) > 0); /* the end came with the first question */
    assert_false(told(&first, 0));
    assert_true(told(&first, (int)hs_block_count(fake.size) - 1));
    assert_int_equal(ask(fd, (struct hs_object_ask){HS_OBJECT_READ, 2, 0, 0, 0, (uint64_t)fake.size}).failed, 0);
    struct told second = ask(fd, OPEN);
    assert_int_equal(right_blocks(&second, 1), hs_block_count(fake.size));
    for (int i = (int)hs_block_count(fake.size); i < HS_OBJECT_BITS * 8; i++)
        assert_false(told(&second, i));
    hs_gateway_close(g);
    close(first.fd);
    close(second.fd);
    close(fd);
}

/* Whatever is read beside it, and though nothing more has room: it stays while the worker has it open, and no longer.
 */
static void what_was_told_stays(void **state)
{
    (void)state;
    struct hs_gateway *g;
    struct stat st;
    char path[160];
    fake_store_clear();
    assert_int_equal(mkdir(fake_directory, 0700), 0);
    fake_store_open(HS_BLOCK);
    int fd = open_gateway(&g);
    struct told t = ask(fd, OPEN);
    assert_int_equal(ask(fd, (struct hs_object_ask){HS_OBJECT_READ, 2, 0, 0, 0, (uint64_t)fake.size}).failed, 0);
    struct told all = ask(fd, OPEN);
    struct hs_object *o = fake_open(URI);
    path_of(o, "data", path);
    hs_object_close(o);
    for (int i = 0; i < 10; i++)
        fake_read_all(uri_of(i));
    assert_int_equal(right_blocks(&all, 1), hs_block_count(fake.size));
    assert_int_equal(stat(path, &st), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(send(fd, &(struct hs_object_ask){HS_OBJECT_CLOSE, 0, 0, 0, 0, 0}, sizeof OPEN, MSG_NOSIGNAL),
                         sizeof OPEN);
    assert_int_equal(ask(fd, (struct hs_object_ask){HS_OBJECT_READ, 3, 0, 0, 0, 10}).failed, EIO); /* it is heard now */
    assert_int_equal(stat(path, &st), -1);
    assert_int_equal(right_blocks(&all, 1),
                     hs_block_count(fake.size)); /* whoever kept the descriptor has right bytes */
    struct told anew = ask(fd, OPEN);
    assert_false(told(&anew, 0));
    hs_gateway_close(g);
    close(t.fd);
    close(all.fd);
    close(anew.fd);
    close(fd);
}

/* Another version under the same name: who reads goes on in his own, and who opens again is told. */
static void what_was_told_is_of_one_version(void **state)
{
    (void)state;
    struct hs_gateway *g;
    int fd = open_gateway(&g);
    struct told t = ask(fd, OPEN);
    assert_int_equal(ask(fd, (struct hs_object_ask){HS_OBJECT_READ, 2, 0, 0, 0, HS_BLOCK}).failed, 0);
    struct told two = ask(fd, OPEN);
    struct hs_object *before = fake_open(URI);
    FAKE_SET(version, 2);
    before->known_us = 0; /* ten minutes later */
    fake_read_all(URI);
    assert_true(before->gone);
    assert_true(told(&two, 0));
    right_blocks(&two, 1);
    right_blocks(&t, 1);
    assert_int_equal(ask(fd, OPEN).failed, EIO);
    assert_int_equal(ask(fd, (struct hs_object_ask){HS_OBJECT_READ, 3, 0, 0, 0, HS_BLOCK}).failed, 0);
    assert_int_equal(ask(fd, (struct hs_object_ask){HS_OBJECT_READ, 4, 0, 0, 8 * HS_BLOCK, HS_BLOCK}).failed, EIO);
    hs_object_close(before);
    hs_gateway_close(g);
    close(t.fd);
    close(two.fd);
    close(fd);
}

/* Written in while nobody had it open: no bit says that it need not be asked for, and asking mends it. */
static void what_is_damaged_is_asked_for(void **state)
{
    (void)state;
    struct hs_gateway *g;
    damage(at_rest(), DAMAGED);
    int fd = open_gateway(&g);
    struct told t = ask(fd, OPEN);
    assert_int_equal(t.failed, 0);
    assert_int_equal(right_blocks(&t, 1), 0); /* the file was written in: all of it is to be compared */
    assert_int_equal(ask(fd, (struct hs_object_ask){HS_OBJECT_READ, 2, 0, 0, 0, (uint64_t)fake.size}).failed, 0);
    struct told mended = ask(fd, OPEN);
    assert_int_equal(right_blocks(&mended, 1), hs_block_count(fake.size));
    assert_int_equal(fake_asked(), 1);
    hs_gateway_close(g);
    close(t.fd);
    close(mended.fd);
    close(fd);
}

/* Nor does what an earlier process left count before it is compared; where the store is gone, that is an error. */
static void what_was_left_is_compared(void **state)
{
    (void)state;
    struct hs_gateway *g;
    struct hs_object *o = at_rest();
    damage(o, DAMAGED);
    hs_store_close();
    fake_store_open(1 << 30);
    int fd = open_gateway(&g);
    struct told t = ask(fd, OPEN);
    assert_int_equal(t.failed, 0);
    assert_int_equal(right_blocks(&t, 1), 0);
    FAKE_SET(status, 503);
    assert_int_equal(ask(fd, (struct hs_object_ask){HS_OBJECT_READ, 2, 0, 0, 0, HS_BLOCK}).failed, 0);
    struct told one = ask(fd, OPEN);
    assert_int_equal(right_blocks(&one, 1), 1);
    uint64_t damaged = (uint64_t)DAMAGED * HS_BLOCK;
    assert_int_equal(ask(fd, (struct hs_object_ask){HS_OBJECT_READ, 3, 0, 0, damaged, 10}).failed, EIO);
    struct told still = ask(fd, OPEN);
    assert_false(told(&still, DAMAGED));
    FAKE_SET(status, 0);
    assert_int_equal(ask(fd, (struct hs_object_ask){HS_OBJECT_READ, 4, 0, 0, damaged, 10}).failed, 0);
    hs_gateway_close(g);
    close(t.fd);
    close(one.fd);
    close(still.fd);
    close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, each_begins, fake_test_end)

static int each_begins(void **state)
{
    if (access(fake_directory, F_OK) != 0 && mkdir(fake_directory, 0700) != 0)
        return -1;
    return fake_test_begin(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_rests_is_not_opened_again),
        TEST(what_was_written_in_is_compared_again),
        TEST(after_a_minute_it_is_compared_again),
        TEST(files_that_are_removed_come_again),
        TEST(files_that_are_replaced_or_cut_come_again),
        TEST(a_file_removed_under_its_reader),
        TEST(a_file_cut_under_its_reader),
        TEST(only_so_many_rest),
        TEST(what_is_given_up_does_not_rest),
        TEST(what_was_replaced_leaves_no_files),
        TEST(only_what_is_there_need_not_be_asked_for),
        TEST(what_was_told_stays),
        TEST(what_was_told_is_of_one_version),
        TEST(what_is_damaged_is_asked_for),
        TEST(what_was_left_is_compared),
    };
    return cmocka_run_group_tests(tests, fake_begin, fake_end);
}
