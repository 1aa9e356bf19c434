/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changing a driver writes, and what is restored when a write fails. */
#include "../driver_kernel.h"

#include <sys/wait.h>

#include "model/driver/plan.h"

/* A NIC with DRIVER and OVERRIDE, NULL: none. */
static void make(const struct tree *tree, const char *driver, const char *override)
{
	kernel = (struct kernel){ .tree = tree, .takes = "e1000e", .cdev = true };
	tree_pci(tree, NIC, "3", "");
	tree_dir(tree, "sys/bus/pci/drivers/e1000e");
	tree_dir(tree, "sys/bus/pci/drivers/igb");
	tree_dir(tree, "sys/bus/pci/drivers/vfio-pci");
	tree_file(tree, DEVICE "driver_override", override ? override : "(null)\n");
	if (driver)
		bind_driver(driver);
}

static void put_result(FILE *f, int r, const struct driver_result *result)
{
	fprintf(f, "%d: %zu done", r, result->done);
	if (result->failed != 3)
		fprintf(f, ", %zu failed", result->failed);
	fprintf(f, "%s%s%s", result->interrupted ? ", interrupted" : "",
		result->undone ? ", undone" : "", result->left ? ", left" : "");
	fprintf(f, ", driver %s", result->driver ? result->driver : "-");
	if (result->vfio_cdev)
		fprintf(f, ", %s", result->vfio_cdev);
	if (result->late)
		fprintf(f, ", late %s", result->late);
	fprintf(f, "\n");
}

/* The writes, followed by the result in a line. */
static void check(int r, const struct driver_result *result, const char *expected)
{
	char log[4096], *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	read_log(log, sizeof(log));
	fprintf(f, "%s", log);
	put_result(f, r, result);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, expected);
	free(text);
	(void)unlinkat(kernel.tree->root.fd, "log", 0);
}

/* Executes the plan to set DRIVER, or (NULL) to reset. */
static void execute(const char *driver, const char *expected)
{
	_cleanup_driver_plan_ struct driver_plan plan = { 0 };
	_cleanup_driver_result_ struct driver_result result = { .done = 9, .undone = true };
	struct sys_root live = kernel.tree->root;
	sigset_t before, after;
	int r;

	live.captured = false;
	r = driver ? driver_plan_set(&live, PATH, driver, &plan)
		   : driver_plan_reset(&live, PATH, &plan);
	assert_int_equal(r, 0);
	sigprocmask(SIG_SETMASK, NULL, &before);
	r = driver_execute(&live, &plan, 700, NULL, &result);
	sigprocmask(SIG_SETMASK, NULL, &after);
	for (int i = 1; i < NSIG; i++)
		assert_int_equal(sigismember(&after, i), sigismember(&before, i));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	check(r, &result, expected);
}

static void check_device(const char *driver, const char *override)
{
	char has[256];

	read_driver(has, sizeof(has));
	assert_string_equal(has, driver);
	assert_true(sys_read(tree_top(kernel.tree), DEVICE "driver_override", has, sizeof(has)) >=
		    0);
	assert_string_equal(has, override);
}

#define LISTEN "listen vfio-dev vfio\n"
#define STEPS  LISTEN "override vfio-pci\nunbind e1000e\nprobe\n"
#define WAIT   "wait vfio7 /dev/vfio/devices/vfio7 700\n"

static void sets(void **state)
{
	make(*state, "e1000e", NULL);
	execute("vfio-pci", STEPS WAIT "0: 3 done, driver vfio-pci, vfio7\n");
	check_device("vfio-pci", "vfio-pci");
	/* Already bound: no node is waited for, although there is one. */
	execute("vfio-pci", LISTEN "0: 0 done, 0 failed, driver vfio-pci\n");
}

/* Not a VFIO driver: no node. */
static void sets_another(void **state)
{
	make(*state, "e1000e", NULL);
	execute("igb", LISTEN "override igb\nunbind e1000e\nprobe\n0: 3 done, driver igb\n");
	check_device("igb", "igb");
}

static void resets(void **state)
{
	make(*state, "vfio-pci", "vfio-pci\n");
	execute(NULL, LISTEN "override -\nunbind vfio-pci\nprobe\n0: 3 done, driver e1000e\n");
	check_device("e1000e", "(null)");
}

/* The default driver happens to be VFIO's: no node was asked for. */
static void resets_to_what_it_finds(void **state)
{
	make(*state, "igb", "igb\n");
	kernel.takes = "vfio-pci";
	execute(NULL, LISTEN "override -\nunbind igb\nprobe\n0: 3 done, driver vfio-pci\n");
}

static void resets_to_none(void **state)
{
	make(*state, "vfio-pci", "vfio-pci\n");
	kernel.takes = NULL;
	execute(NULL, LISTEN "override -\nunbind vfio-pci\nprobe\n0: 3 done, driver -\n");
	check_device("", "(null)");
}

/* udev creates the node late, or not at all: the driver stays. */
static void waits_for_the_node(void **state)
{
	make(*state, "e1000e", NULL);
	kernel.waits = -ETIMEDOUT;
	execute("vfio-pci",
		STEPS WAIT "0: 3 done, driver vfio-pci, late /dev/vfio/devices/vfio7\n");
	check_device("vfio-pci", "vfio-pci");
}

static void is_stopped_while_it_waits(void **state)
{
	make(*state, "e1000e", NULL);
	kernel.waits = -EINTR;
	execute("vfio-pci", STEPS WAIT "unbind vfio-pci\noverride e1000e\nbind e1000e\noverride -\n"
				       "-4: 3 done, interrupted, undone, driver e1000e\n");
	check_device("e1000e", "(null)");
}

static void fails_to_wait(void **state)
{
	make(*state, "e1000e", NULL);
	kernel.waits = -EIO;
	execute("vfio-pci", STEPS WAIT "unbind vfio-pci\noverride e1000e\nbind e1000e\noverride -\n"
				       "-5: 3 done, undone, driver e1000e\n");
	check_device("e1000e", "(null)");
}

/* A kernel without cdevs: the group's node, unless another member created it before. */
static void waits_for_the_group(void **state)
{
	make(*state, "e1000e", NULL);
	kernel.cdev = false;
	kernel.group = true;
	execute("vfio-pci", STEPS "wait 3 /dev/vfio/3 700\n0: 3 done, driver vfio-pci\n");
	execute(NULL, LISTEN "override -\nunbind vfio-pci\nprobe\n0: 3 done, driver e1000e\n");
	execute("vfio-pci", STEPS "0: 3 done, driver vfio-pci\n");
}

static void brings_no_node(void **state)
{
	make(*state, "e1000e", NULL);
	kernel.cdev = false;
	execute("vfio-pci", STEPS "0: 3 done, driver vfio-pci\n");
}

/* If the first write fails nothing is undone. For others, driver and override are restored. */
static void undoes_what_fails(void **state)
{
	make(*state, "e1000e", NULL);
	kernel.refuses = "override vfio-pci";
	kernel.error = -ENOMEM;
	execute("vfio-pci", LISTEN "override vfio-pci\n"
				   "-12: 0 done, 0 failed, undone, driver e1000e\n");
	check_device("e1000e", "(null)");
	kernel.refuses = "unbind e1000e";
	kernel.error = -EPERM;
	execute("vfio-pci", LISTEN "override vfio-pci\nunbind e1000e\noverride -\n"
				   "-1: 1 done, 1 failed, undone, driver e1000e\n");
	check_device("e1000e", "(null)");
	kernel.refuses = "probe";
	execute("vfio-pci", STEPS "override e1000e\nbind e1000e\noverride -\n"
				  "-1: 2 done, 2 failed, undone, driver e1000e\n");
	check_device("e1000e", "(null)");
}

static void puts_back_an_override(void **state)
{
	make(*state, "igb", "igb\n");
	kernel.refuses = "probe";
	kernel.error = -EIO;
	execute("vfio-pci", LISTEN "override vfio-pci\nunbind igb\nprobe\n"
				   "override igb\nbind igb\noverride igb\n"
				   "-5: 2 done, 2 failed, undone, driver igb\n");
	check_device("igb", "igb");
	execute(NULL, LISTEN "override -\nunbind igb\nprobe\n"
			     "override igb\nbind igb\noverride igb\n"
			     "-5: 2 done, 2 failed, undone, driver igb\n");
	check_device("igb", "igb");
}

/* A device that had no driver has none afterwards. */
static void puts_back_that_there_was_none(void **state)
{
	make(*state, NULL, NULL);
	kernel.waits = -EIO;
	execute("vfio-pci", LISTEN "override vfio-pci\nprobe\n" WAIT "unbind vfio-pci\noverride -\n"
				   "-5: 2 done, 2 failed, undone, driver -\n");
	check_device("", "(null)");
}

/* Another driver binds it, or none. */
static void is_not_what_was_wanted(void **state)
{
	make(*state, "e1000e", NULL);
	kernel.refuses = "probe";
	kernel.error = 1; /* as if it had succeeded */
	execute("vfio-pci", STEPS "override e1000e\nbind e1000e\noverride -\n"
				  "-6: 3 done, undone, driver e1000e\n");
	check_device("e1000e", "(null)");
}

static void cannot_be_undone(void **state)
{
	make(*state, "e1000e", NULL);
	kernel.refuses = "bind e1000e";
	kernel.error = -ENODEV;
	kernel.every_time = true;
	kernel.waits = -EIO;
	execute("vfio-pci", STEPS WAIT "unbind vfio-pci\noverride e1000e\nbind e1000e\noverride -\n"
				       "-5: 3 done, driver -\n");
	check_device("", "(null)");
}

/* The driver is restored, but not the override. */
static void cannot_be_undone_as_a_whole(void **state)
{
	make(*state, "e1000e", NULL);
	kernel.refuses = "override -";
	kernel.error = -EPERM;
	kernel.every_time = true;
	kernel.waits = -EIO;
	execute("vfio-pci", STEPS WAIT "unbind vfio-pci\noverride e1000e\nbind e1000e\noverride -\n"
				       "-5: 3 done, driver e1000e\n");
	check_device("e1000e", "e1000e");
}

static void is_taken_away(void **state)
{
	make(*state, "e1000e", NULL);
	kernel.vanishes = "probe";
	execute("vfio-pci", STEPS "-19: 3 done, driver -\n");
}

/* What a killed process has done is unknown. */
static void is_killed(void **state)
{
	make(*state, "e1000e", NULL);
	kernel.refuses = "override vfio-pci";
	execute("vfio-pci", LISTEN "override vfio-pci\noverride -\n"
				   "-10: 0 done, 0 failed, undone, driver e1000e\n");
	check_device("e1000e", "(null)");
}

static void cannot_listen(void **state)
{
	make(*state, "e1000e", NULL);
	kernel.monitor = -EMFILE;
	execute("vfio-pci", LISTEN "-24: 0 done, undone, driver e1000e\n");
	check_device("e1000e", "(null)");
}

static int signalled;

static void on_signal(int number)
{
	(void)number;
	signalled++;
}

/* A write that returns soon is waited for. The signal is delivered after everything is restored. */
static void is_stopped_by_a_signal(void **state)
{
	struct sigaction before;
	const struct sigaction action = { .sa_handler = on_signal };

	make(*state, "e1000e", NULL);
	kernel.signals = "override vfio-pci";
	signalled = 0;
	sigaction(SIGTERM, &action, &before);
	execute("vfio-pci", LISTEN "override vfio-pci\noverride -\n"
				   "-4: 1 done, 0 failed, interrupted, undone, driver e1000e\n");
	assert_int_equal(signalled, 1);
	check_device("e1000e", "(null)");
	/* Also after the last write. */
	kernel.signals = "probe";
	execute("vfio-pci", STEPS "unbind vfio-pci\noverride e1000e\nbind e1000e\noverride -\n"
				  "-4: 3 done, 2 failed, interrupted, undone, driver e1000e\n");
	assert_int_equal(signalled, 2);
	sigaction(SIGTERM, &before, NULL);
}

/* nohup(1): ignored signals stay ignored. */
static void is_not_stopped_by_what_is_ignored(void **state)
{
	struct sigaction before;
	const struct sigaction action = { .sa_handler = SIG_IGN };
	sigset_t held, old;

	/* The tests may run under nohup(1) themselves. */
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	make(*state, "e1000e", NULL);
	kernel.signals = "override vfio-pci";
	sigaction(SIGTERM, &action, &before);
	execute("vfio-pci", STEPS WAIT "0: 3 done, driver vfio-pci, vfio7\n");
	driver_hold_signals(&old);
	sigprocmask(SIG_SETMASK, &old, &held);
	assert_false(sigismember(&held, SIGTERM));
	assert_true(sigismember(&held, SIGINT) && sigismember(&held, SIGHUP));
	assert_false(sigismember(&held, SIGUSR1) || sigismember(&held, SIGALRM));
	assert_false(sigismember(&old, SIGINT));
	sigaction(SIGTERM, &before, NULL);
}

static void undoes_on_its_own(void **state)
{
	_cleanup_driver_plan_ struct driver_plan plan = { 0 };
	struct sys_root live = ((struct tree *)*state)->root;
	pid_t left = 0;

	make(*state, "e1000e", NULL);
	live.captured = false;
	assert_int_equal(driver_plan_set(&live, PATH, "vfio-pci", &plan), 0);
	unbind_driver("e1000e");
	assert_int_equal(driver_undo(&live, &plan, &left), 0);
	check_device("e1000e", "(null)");
	kernel.vanishes = "override -";
	assert_int_equal(driver_undo(&live, &plan, &left), -EIO);
	assert_int_equal(driver_undo(&live, &plan, &left), -EIO);
	assert_int_equal(left, 0);
}

static void executes_no_capture(void **state)
{
	const struct tree *tree = *state;
	_cleanup_driver_plan_ struct driver_plan plan = { 0 };
	_cleanup_driver_result_ struct driver_result result = { .undone = true };

	make(tree, "e1000e", NULL);
	assert_int_equal(driver_plan_set(&tree->root, PATH, "vfio-pci", &plan), 0);
	check(driver_execute(&tree->root, &plan, 0, NULL, &result), &result,
	      "-30: 0 done, driver -\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(sets),
		tree_test(sets_another),
		tree_test(resets),
		tree_test(resets_to_what_it_finds),
		tree_test(resets_to_none),
		tree_test(waits_for_the_node),
		tree_test(is_stopped_while_it_waits),
		tree_test(fails_to_wait),
		tree_test(waits_for_the_group),
		tree_test(brings_no_node),
		tree_test(undoes_what_fails),
		tree_test(puts_back_an_override),
		tree_test(puts_back_that_there_was_none),
		tree_test(is_not_what_was_wanted),
		tree_test(cannot_be_undone),
		tree_test(cannot_be_undone_as_a_whole),
		tree_test(is_taken_away),
		tree_test(is_killed),
		tree_test(cannot_listen),
		tree_test(is_stopped_by_a_signal),
		tree_test(is_not_stopped_by_what_is_ignored),
		tree_test(undoes_on_its_own),
		tree_test(executes_no_capture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
