/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a service reports to the service manager: see sd_notify(3). */
#pragma once

/*
 * Takes NOTIFY_SOCKET out of the environment, so that no program that is started later reports in
 * this one's place, and connects to it. Returns the fd, owned by the caller; -ESRCH if no manager
 * wants to know; another -errno.
 */
int sys_notify_open(void);
/* Sends lines of NAME=VALUE. Never waits; what cannot be sent is lost, as is anything to FD -1. */
void sys_notify(int fd, const char *lines);
