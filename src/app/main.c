/* hailstorm: one decision, every door. This file is the table of contents. */
#include "app/app.h"

#include "base/log.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static const struct command COMMANDS[] = {
    {"serve", "serve [settings]", "open the doors", hs_command_serve},
    {"check", "check [DIR] [--bind]", "validate a model, also against its real tables", hs_command_check},
    {"query", "query \"SQL\" --as NAME", "run one statement as a person", hs_command_query},
    {"explain", "explain PRODUCT --as NAME [--json]", "which rules made this decision", hs_command_explain},
    {"policy", "policy test [FILE|DIR ...] | diff REF [REF]", "run a policy's cases; who sees other cells than before",
     hs_command_policy},
    {"table", "table PATH", "facts of an Iceberg table", hs_command_table},
    {"user", "user add|token|remove NAME ...", "people of principals.yaml", hs_command_user},
    {"audit", "audit verify", "look for breaks in the audit", hs_command_audit},
    {"docs", "docs settings|masks", "reference pages from the tables in the program", hs_command_docs},
};
enum { COMMAND_COUNT = sizeof COMMANDS / sizeof *COMMANDS };

static int help(FILE *to)
{
    fprintf(to, "usage:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  hailstorm %-46s %s\n", COMMANDS[i].usage, COMMANDS[i].text);
    fprintf(to, "  hailstorm settings%38s every setting, its default and meaning\n", "");
    return to == stdout ? 0 : 2;
}

int hs_fail_command(const struct hs_err *err)
{
    fprintf(stderr, "hailstorm: %s\n", err->detail[0] ? err->detail : err->shown);
    return 1;
}

static int run(const struct command *c, int argc, char **argv)
{
    struct settings s;
    struct arguments rest;
    if (!hs_settings_read(&s, argc - 2, argv + 2, &rest))
        return 2;
    enum hs_log_level level = HS_LOG_INFO;
    static const char *const LEVELS[] = {"debug", "info", "warn", "error"};
    for (int i = 0; i < 4; i++)
        if (strcmp(s.log_level, LEVELS[i]) == 0)
            level = (enum hs_log_level)i;
    if (c->run != hs_command_serve && level < HS_LOG_WARN)
        level = HS_LOG_WARN; /* one-shot commands say what went wrong themselves */
    hs_log_setup(level, strcmp(s.log_format, "json") == 0, STDERR_FILENO);
    return c->run(&s, &rest);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file limit is an error of one write, not the end of the server */
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return hs_worker_main(argc - 1, argv + 1);
    if (argc < 2 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0)
        return help(argc < 2 ? stderr : stdout);
    if (strcmp(argv[1], "settings") == 0) {
        hs_settings_help();
        return 0;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], COMMANDS[i].name) == 0)
            return run(&COMMANDS[i], argc, argv);
    fprintf(stderr, "hailstorm: there is no command '%s'\n", argv[1]);
    return help(stderr);
}
