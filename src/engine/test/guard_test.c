#include "engine/test/guard_tool.h"
int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return tool_main();
}
