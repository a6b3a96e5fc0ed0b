#pragma once

#include <stdio.h>
#include <stdlib.h>

#include <editline/readline.h>

static inline int p2pfs_make_interrupt_a_key(void) {
  rl_parse_and_bind("setty -d -isig");
  return 0;
}

// Ctrl-C throws away the line that is typed. Each line sets up the terminal anew, so it has to be said for each.
static inline void p2pfs_begin_line_editing(void) {
  rl_initialize();
  rl_parse_and_bind("bind ^C em-kill-line");
  rl_pre_input_hook = p2pfs_make_interrupt_a_key;
}
