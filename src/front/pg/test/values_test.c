#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "values_tool.h"

static void nothing(void **state)
{
    (void)state;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return tool_main(argc, argv);
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
