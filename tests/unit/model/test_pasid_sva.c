/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owners of processes' address spaces, with and without a number reported by a driver. */
#include "../pasid_rows.h"

#define UIO_PASID "sys/devices/pci0000:00/" UIO_ID "/pasid"
#define OF_7      " group=7 driver=uio_pci_sva"
#define OF_8      " group=8 driver=hisi_zip"
#define ACCEL     " command=accel uid=1000 user=ann started=1700000004"
#define ALONE     " hardware=1 record=0 domain="

static const struct pasid_query all;

static void finds_sva(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:11.0", 2, 2, 1, 1 } };

	pasid_machine(tree, hardware, ARRAY_SIZE(hardware));
	tree_file(tree, UIO_PASID, "2\n");
	pasid_opener(tree, 20, 900, "/dev/uio0"); /* numbers wrap */
	pasid_opener(tree, 900, 1, "/dev/uio0");
	tree_file(tree, "proc/900/cgroup", "0::/system.slice/a.service\n");
	rows_list(tree, all,
		  UIO_ID " 2-2 sva ok" OF_7 " through=uio0 pid=900 command=accel uid=1000 user=ann "
			 "unit=a.service started=1700000004 hardware=1 record=1 domain=1 type=1 "
			 "by vt-d uio\n");
}

static void blames_none_of_strangers(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:11.0", 2, 3, 1, 1 } };

	pasid_machine(tree, hardware, ARRAY_SIZE(hardware));
	/* The driver keeps the number of the last opener, which is unknown. */
	tree_file(tree, UIO_PASID, "3\n");
	pasid_opener(tree, 20, 1, "/dev/uio0");
	pasid_opener(tree, 900, 1, "/dev/uio0");
	rows_list(tree, all,
		  UIO_ID " 2-2 sva not-recorded" OF_7
			 " hardware=1 record=0 domain=1 type=1 by vt-d\n" UIO_ID " 3-3 sva ok" OF_7
			 " through=uio0 hardware=1 record=1 domain=1 type=1 by vt-d uio\n");
}

/* A process that is closing its last files, and one without a start time. */
static void leaves_out_what_a_process_lacks(void **state)
{
	const struct tree *tree = *state;

	pasid_machine(tree, NULL, 0);
	tree_file(tree, UIO_PASID, "2\n");
	tree_link(tree, "proc/20/fd/3", "/dev/uio0");
	rows_list(tree, all,
		  UIO_ID " 2-2 sva not-in-hardware" OF_7
			 " through=uio0 pid=20 hardware=0 record=1 by uio\n");
	tree_file(tree, "proc/20/comm", "accel\n");
	tree_file(tree, "proc/20/status", "Name:\taccel\nUid:\t1234\t0\n");
	rows_list(tree, all,
		  UIO_ID " 2-2 sva not-in-hardware" OF_7
			 " through=uio0 pid=20 command=accel uid=1234 "
			 "hardware=0 record=1 by uio\n");
}

static void says_what_of_a_process_cannot_be_read(void **state)
{
	const struct tree *tree = *state;

	pasid_machine(tree, NULL, 0);
	tree_file(tree, UIO_PASID, "2\n");
	pasid_opener(tree, 20, 1, "/dev/uio0");
	assert_int_equal(renameat(tree->root.fd, "proc/20/comm", tree->root.fd, "proc/20/x"), 0);
	tree_link(tree, "proc/20/comm", "errno:13");
	rows_list(tree, all,
		  UIO_ID " 2-2 sva not-in-hardware" OF_7
			 " through=uio0 pid=20 command!-13 uid!-13 user!-13 unit!-13 started!-13 "
			 "hardware=0 record=1 by uio\n");
}

/* No boot time and no list of users; then unreadable ones. */
static void says_what_of_a_machine_cannot_be_read(void **state)
{
	const struct tree *tree = *state;

#define UIO_ROW(process) \
	UIO_ID " 2-2 sva not-in-hardware" OF_7 \
	       " through=uio0 pid=20 command=accel uid=1000" process \
	       " hardware=0 record=1 by uio\n"
	pasid_machine(tree, NULL, 0);
	tree_file(tree, UIO_PASID, "2\n");
	pasid_opener(tree, 20, 1, "/dev/uio0");
	assert_int_equal(unlinkat(tree->root.fd, "proc/stat", 0), 0);
	tree_file(tree, "etc/passwd", "root:x:0:0::/:/bin/sh\n");
	rows_list(tree, all, UIO_ROW(""));
	tree_file(tree, "proc/stat", "cpu 1\n");
	assert_int_equal(unlinkat(tree->root.fd, "etc/passwd", 0), 0);
	tree_link(tree, "etc/passwd", "errno:13");
	rows_list(tree, all, UIO_ROW(" user!-13 started!-74"));
}

static void leaves_stale_sva_out(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:11.0", 2, 2, 1, 1 } };
	const struct hardware other[] = { { "00:11.0", 2, 2, 8, 2 } };
	char place[256];

	pasid_machine(tree, NULL, 0);
	tree_file(tree, UIO_PASID, "2\n");
	rows_list(tree, all, "");
	/*
	 * A process that may not be examined may have it open, but the hardware does not have the
	 * PASID.
	 */
	tree_link(tree, "proc/30/fd", "errno:13");
	rows_list(tree, all, "");
	pasid_hardware_write(tree, other, 1);
	rows_list(tree, all,
		  UIO_ID " 2-2 unknown not-recorded" OF_7
			 " pid!-13 command!-13 uid!-13 user!-13 unit!-13 started!-13 "
			 "hardware=1 record=0 domain=8 type=2 by vt-d\n");
	pasid_hardware_write(tree, hardware, 1);
	rows_list(tree, all,
		  UIO_ID " 2-2 sva ok" OF_7
			 " through=uio0 pid!-13 command!-13 uid!-13 user!-13 unit!-13 started!-13 "
			 "hardware=1 record=1 domain=1 type=1 by vt-d uio\n");
	assert_int_equal(unlink(tree_place(tree, PASID_TABLE, place, sizeof(place))), 0);
	rows_list(tree, all,
		  UIO_ID " 2-2 sva unconfirmed" OF_7
			 " through=uio0 pid!-13 command!-13 uid!-13 user!-13 unit!-13 started!-13 "
			 "hardware!-95 record=1 by uio\n");
}

static void names_unrecorded_sva(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:11.0", 2, 2, 1, 1 }, { "00:11.0", 3, 3, 1, 4 } };

	pasid_machine(tree, hardware, ARRAY_SIZE(hardware));
	tree_file(tree, UIO_PASID, "-1\n");
	rows_list(tree, all,
		  UIO_ID " 2-2 sva not-recorded" OF_7
			 " hardware=1 record=0 domain=1 type=1 by vt-d\n" UIO_ID
			 " 3-3 unknown not-recorded" OF_7
			 " hardware=1 record=0 domain=1 type=4 by vt-d\n");
}

/* A driver that could not be asked may have it. Drivers only have address spaces. */
static void does_not_call_unrecorded_what_it_could_not_ask(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:11.0", 2, 2, 1, 1 }, { "00:11.0", 3, 3, 8, 1 } };

	pasid_machine(tree, hardware, ARRAY_SIZE(hardware));
	tree_link(tree, "sys/bus/dsa/devices", "errno:5");
	rows_list(tree, all,
		  UIO_ID " 2-2 sva unknown-state" OF_7
			 " hardware=1 record!-5 domain=1 type=1 by vt-d\n" UIO_ID
			 " 3-3 unknown not-recorded" OF_7
			 " hardware=1 record=0 domain=8 type=1 by vt-d\n");
}

#define ZIP(rest) ACCEL_ID rest
#define OPENER(state, pid, rest) \
	ZIP(state OF_8 " through=hisi_zip-0 pid=" pid ACCEL rest " by uacce\n")

/* The driver reports no number, and one address space in the table matches. */
static void finds_the_number_in_hardware(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:11.0", 7, 7, 1, 1 },
					     { "00:12.0", 4, 4, 8, 1 },
					     { "00:12.0", 9, 9, 1, 1 } };

	pasid_machine(tree, hardware, ARRAY_SIZE(hardware));
	pasid_opener(tree, 20, 1, "/dev/hisi_zip-0");
	tree_link(tree, "proc/20/fd/4", "/dev/hisi_zip-0");
	rows_list(tree, all,
		  UIO_ID " 7-7 sva not-recorded" OF_7
			 " hardware=1 record=0 domain=1 type=1 by vt-d\n" ZIP(
				 " 4-4 unknown not-recorded" OF_8 ALONE "8 type=1 by vt-d\n")
				 ZIP(" 9-9 sva ok" OF_8 " through=hisi_zip-0 pid=20" ACCEL
				     " hardware=1 record=1 domain=1 type=1 by vt-d uacce\n"));
}

/* With two processes, two entries or none, the owner is unknown. */
static void does_not_guess_numbers(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:12.0", 9, 9, 1, 1 },
					     { "00:12.0", 12, 12, 1, 1 } };

#define ENTRY(number, pids) \
	ZIP(number " sva ambiguous" OF_8 " hardware=1 domain=1 type=1 one of " pids " by vt-d\n")
	pasid_machine(tree, NULL, 0);
	pasid_opener(tree, 20, 1, "/dev/hisi_zip-0");
	rows_list(tree, all, OPENER(" 0-0 sva unconfirmed", "20", " record=1"));
	pasid_hardware_write(tree, hardware, 2);
	rows_list(tree, all,
		  OPENER(" 0-0 sva ambiguous", "20", " record=1 one of 9,12") ENTRY(" 9-9", "20")
			  ENTRY(" 12-12", "20"));
	pasid_opener(tree, 31, 1, "/dev/hisi_zip-0");
	pasid_hardware_write(tree, hardware, 1);
	rows_list(tree, all,
		  OPENER(" 0-0 sva ambiguous", "20", " record=1 one of 9")
			  OPENER(" 0-0 sva ambiguous", "31", " record=1 one of 9")
				  ENTRY(" 9-9", "20,31"));
	/* If the table ends in an error, it may have had another. */
	assert_int_equal(unlinkat(tree->root.fd, "proc/31/fd/3", 0), 0);
	tree_file(tree, PASID_TABLE,
		  "IOMMU dmar0: Root\n00:12.0\t0x1:0x1\t0x0:0x1\t9 \t0x1:0x1:0x49\n00:12.0 x\n");
	rows_list(tree, all,
		  ZIP(" 0-0 sva ambiguous" OF_8 " through=hisi_zip-0 pid=20" ACCEL
		      " hardware!-74 record=1 one of 9 by uacce\n") ENTRY(" 9-9", "20"));
}

/* What a context has is not assigned to others: 12 remains. */
static void passes_over_what_is_claimed(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:12.0", 9, 10, 1, 1 },
					     { "00:12.0", 12, 12, 1, 1 } };
	const struct binding records[] = { { .device = ACCEL_ID, .lo = 9, .hi = 10, TO_IOAS(1) } };

	pasid_machine(tree, hardware, ARRAY_SIZE(hardware));
	pasid_opener(tree, 20, 1, "/dev/hisi_zip-0");
	rows_list(
		tree, (struct pasid_query){ RECORDED(records) },
		ZIP(" 9-9 ioas not-in-hardware" OF_8 " ioas=1 hardware=0 record=1 by context\n")
			ZIP(" 9-9 sva not-recorded" OF_8 ALONE
			    "1 type=1 by vt-d\n") ZIP(" 10-10 ioas not-in-hardware" OF_8
						      " ioas=1 hardware=0 record=1 by context\n")
				ZIP(" 10-10 sva not-recorded" OF_8 ALONE "1 type=1 by vt-d\n") ZIP(
					" 12-12 sva ok" OF_8 " through=hisi_zip-0 pid=20" ACCEL
					" hardware=1 record=1 domain=1 type=1 by vt-d uacce\n"));
}

/* A process has the same number on all devices: one driver's report applies to another's. */
static void knows_the_number_by_another_device(void **state)
{
	const struct tree *tree = *state;

	pasid_machine(tree, NULL, 0);
	tree_file(tree, UIO_PASID, "5\n");
	pasid_opener(tree, 20, 1, "/dev/uio0");
	tree_link(tree, "proc/20/fd/4", "/dev/hisi_zip-0");
	pasid_opener(tree, 19, 1, "/dev/hisi_zip-0");
	pasid_opener(tree, 21, 1, "/dev/hisi_zip-0");
	rows_list(tree, all,
		  UIO_ID
		  " 5-5 sva not-in-hardware" OF_7 " through=uio0 pid=20" ACCEL
		  " hardware=0 record=1 by uio\n" OPENER(" 0-0 sva unconfirmed", "19", " record=1")
			  OPENER(" 0-0 sva unconfirmed", "21", " record=1")
				  OPENER(" 5-5 sva not-in-hardware", "20", " hardware=0 record=1"));
}

#define DSA "sys/devices/pci0000:00/" VFIO_ID "/dsa0"

/* A shared queue of the kernel's on DSA, of which no file has the number. */
static void make_kernel_queue(const struct tree *tree)
{
	tree_file(tree, DSA "/pasid_enabled", "1\n");
	tree_link(tree, "sys/bus/dsa/devices/dsa0", "../../../devices/pci0000:00/" VFIO_ID "/dsa0");
	tree_file(tree, DSA "/wq0.1/state", "enabled\n");
	tree_file(tree, DSA "/wq0.1/type", "kernel\n");
	tree_file(tree, DSA "/wq0.1/mode", "shared\n");
	tree_file(tree, DSA "/wq0.1/clients", "1\n");
	tree_link(tree, "sys/bus/dsa/devices/wq0.1",
		  "../../../devices/pci0000:00/" VFIO_ID "/dsa0/wq0.1");
}

/*
 * The kernel's own PASID has the domain of the device's requests without one: if it is the only one that has,
 * and nobody claims it.
 */
static void finds_the_number_of_the_kernel(void **state)
{
	static const struct {
		struct hardware hardware[4];
		const char *expected;
	} cases[] = {
#define OF_6               " group=6 driver=vfio-pci"
#define BARE(number, rest) VFIO_ID " " number "-" number " " rest OF_6 ALONE
		{ { { "00:10.0", 0, 0, 8, 2 },
		    { "00:10.0", 5, 5, 8, 2 },
		    { "00:10.0", 6, 6, 9, 2 } },
		  VFIO_ID " 5-5 dma ok" OF_6
			  " through=wq0.1 hardware=1 record=1 domain=8 type=2 by vt-d idxd\n" BARE(
				  "6", "unknown not-recorded") "9 type=2 by vt-d\n" },
		{ { { "00:10.0", 0, 0, 8, 2 },
		    { "00:10.0", 5, 5, 8, 2 },
		    { "00:10.0", 6, 6, 8, 2 } },
		  VFIO_ID " 0-0 dma unconfirmed" OF_6 " through=wq0.1 record=1 by idxd\n" VFIO_ID
			  " 5-6 unknown not-recorded" OF_6 ALONE "8 type=2 by vt-d\n" },
		/* Of another device, of another domain, and an address space. */
		{ { { "00:10.0", 0, 0, 8, 2 },
		    { "00:10.0", 5, 5, 9, 2 },
		    { "00:11.0", 6, 6, 8, 2 } },
		  VFIO_ID " 0-0 dma unconfirmed" OF_6 " through=wq0.1 record=1 by idxd\n" BARE(
			  "5", "unknown not-recorded") "9 type=2 by vt-d\n" UIO_ID
						       " 6-6 unknown not-recorded" OF_7 ALONE
						       "8 type=2 by vt-d\n" },
		{ { { "00:10.0", 5, 5, 1, 1 } },
		  VFIO_ID " 0-0 dma unconfirmed" OF_6 " through=wq0.1 record=1 by idxd\n" BARE(
			  "5", "sva not-recorded") "1 type=1 by vt-d\n" },
	};
	const struct tree *tree = *state;

	pasid_machine(tree, NULL, 0);
	make_kernel_queue(tree);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = 0;

		while (n < 4 && cases[i].hardware[n].bdf)
			n++;
		pasid_hardware_write(tree, cases[i].hardware, n);
		rows_list(tree, all, cases[i].expected);
	}
}

/* Beside it the address space of a process: each finds its own number. */
static void finds_numbers_of_both(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:10.0", 0, 0, 8, 2 },
					     { "00:10.0", 5, 5, 8, 2 },
					     { "00:10.0", 6, 6, 1, 1 },
					     { "00:12.0", 7, 7, 1, 1 } };

	pasid_machine(tree, hardware, ARRAY_SIZE(hardware));
	make_kernel_queue(tree);
	tree_file(tree, DSA "/wq0.2/state", "enabled\n");
	tree_file(tree, DSA "/wq0.2/type", "user\n");
	tree_file(tree, DSA "/wq0.2/mode", "shared\n");
	tree_file(tree, DSA "/wq0.2/clients", "1\n");
	tree_link(tree, "sys/bus/dsa/devices/wq0.2",
		  "../../../devices/pci0000:00/" VFIO_ID "/dsa0/wq0.2");
	tree_link(tree, "sys/bus/dsa/devices/dsa!wq0.2",
		  "../../../devices/pci0000:00/" VFIO_ID "/dsa0/wq0.2/dsa!wq0.2");
	pasid_opener(tree, 20, 1, "/dev/dsa/wq0.2");
	pasid_opener(tree, 21, 1, "/dev/hisi_zip-0");
	rows_list(tree, all,
		  VFIO_ID
		  " 5-5 dma ok" OF_6
		  " through=wq0.1 hardware=1 record=1 domain=8 type=2 by vt-d idxd\n" VFIO_ID
		  " 6-6 sva ok" OF_6 " through=wq0.2 pid=20" ACCEL
		  " hardware=1 record=1 domain=1 type=1 by vt-d idxd\n" ZIP(
			  " 7-7 sva ok" OF_8 " through=hisi_zip-0 pid=21" ACCEL
			  " hardware=1 record=1 domain=1 type=1 by vt-d uacce\n"));
}

/* Of an opener whose process cannot be read it is not known whether it is the same as another's. */
static void does_not_guess_processes(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:10.0", 6, 6, 1, 1 } };
	static const char file[] = DSA "/wq0.2/dsa!wq0.2/file7/pid";

	pasid_machine(tree, hardware, 1);
	make_kernel_queue(tree);
	tree_file(tree, DSA "/wq0.2/state", "enabled\n");
	tree_file(tree, DSA "/wq0.2/type", "user\n");
	tree_file(tree, DSA "/wq0.2/mode", "shared\n");
	tree_file(tree, DSA "/wq0.2/clients", "2\n");
	tree_link(tree, "sys/bus/dsa/devices/wq0.2",
		  "../../../devices/pci0000:00/" VFIO_ID "/dsa0/wq0.2");
	tree_link(tree, "sys/bus/dsa/devices/file7",
		  "../../../devices/pci0000:00/" VFIO_ID "/dsa0/wq0.2/dsa!wq0.2/file7");
	tree_file(tree, DSA "/wq0.2/dsa!wq0.2/file8/pid", "20\n");
	tree_link(tree, "sys/bus/dsa/devices/file8",
		  "../../../devices/pci0000:00/" VFIO_ID "/dsa0/wq0.2/dsa!wq0.2/file8");
	pasid_opener(tree, 20, 1, "/dev/null");
	tree_link(tree, file, "errno:13");
	rows_list(tree, all,
		  VFIO_ID " 0-0 sva ambiguous" OF_6 " through=wq0.2 pid!-13 command!-13 uid!-13 "
			  "user!-13 unit!-13 started!-13 record=1 one of 6 by idxd\n" VFIO_ID
			  " 0-0 dma unconfirmed" OF_6 " through=wq0.1 record=1 by idxd\n" VFIO_ID
			  " 0-0 sva ambiguous" OF_6 " through=wq0.2 pid=20" ACCEL
			  " record=1 one of 6 by idxd\n" VFIO_ID " 6-6 sva ambiguous" OF_6
			  " pid!-13 command!-13 uid!-13 user!-13 unit!-13 started!-13 hardware=1 "
			  "domain=1 type=1 one of 20 by vt-d\n");
	/* The same process twice is one. */
	assert_int_equal(unlinkat(tree->root.fd, file, 0), 0);
	tree_file(tree, file, "20\n");
	rows_list(tree, all,
		  VFIO_ID " 0-0 dma unconfirmed" OF_6 " through=wq0.1 record=1 by idxd\n" VFIO_ID
			  " 6-6 sva ok" OF_6 " through=wq0.2 pid=20" ACCEL
			  " hardware=1 record=1 domain=1 type=1 by vt-d idxd\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(finds_sva),
		tree_test(blames_none_of_strangers),
		tree_test(leaves_out_what_a_process_lacks),
		tree_test(says_what_of_a_process_cannot_be_read),
		tree_test(says_what_of_a_machine_cannot_be_read),
		tree_test(leaves_stale_sva_out),
		tree_test(names_unrecorded_sva),
		tree_test(does_not_call_unrecorded_what_it_could_not_ask),
		tree_test(finds_the_number_in_hardware),
		tree_test(does_not_guess_numbers),
		tree_test(passes_over_what_is_claimed),
		tree_test(knows_the_number_by_another_device),
		tree_test(finds_the_number_of_the_kernel),
		tree_test(finds_numbers_of_both),
		tree_test(does_not_guess_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
