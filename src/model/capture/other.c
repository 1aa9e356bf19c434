/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Captures what does not come from reading a whole file: ioctls, the kernel log, tables that must
 * be selected by a write.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "model/capture/internal.h"
#include "model/driver/match.h"
#include "model/diagnosis/features.h"
#include "model/faultlog/fault.h"
#include "sys/cpu.h"
#include "sys/debugfs_amd.h"
#include "sys/kernel_config.h"
#include "sys/kernel_param.h"
#include "sys/netlink.h"
#include "util/lines.h"

#define AMD "sys/kernel/debug/iommu/amd"

/* Closes the stream F of TEXT and adds the text at PATH. */
static int put_stream(struct capture *capture, FILE *f, char **text, const char *path)
{
	bool failed = fclose(f) != 0;

	return failed ? -ENOMEM : capture_put_text(capture, path, *text);
}

/* Does WORD set an option that is asked for? */
static bool is_boot_option(const char *word)
{
	for (enum sys_word i = 0; i < SYS_WORDS_N; i++)
		if (sys_word_kind(i) == WORD_BOOT && sys_cmdline_value(word, i))
			return true;
	return false;
}

static int put_cmdline(struct capture *capture)
{
	_cleanup_strv_ struct strv words = { 0 }, kept = { 0 };
	_cleanup_free_ char *joined = NULL, *text = NULL;
	int r = sys_cmdline_read(capture->root, &words);

	if (r < 0)
		return r == -ENOENT ? 0 : capture_put_error(capture, "proc/cmdline", r);
	for (size_t i = 0; i < words.n; i++)
		if (is_boot_option(words.v[i]) && strv_push(&kept, words.v[i]) < 0)
			return -ENOMEM;
	joined = strv_join(&kept, " ");
	if (!joined || asprintf(&text, "%s\n", joined) < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return capture_put_text(capture, "proc/cmdline", text);
}

static int put_cpu(struct capture *capture)
{
	_cleanup_free_ char *text = NULL;
	struct sys_cpu cpu;
	size_t size;
	FILE *f;
	int r = 0;

	sys_cpu_read(capture->root, &cpu);
	if (cpu.arch == SYS_ARCH_UNKNOWN)
		return 0;
	f = open_memstream(&text, &size);
	if (!f)
		return -ENOMEM;
	/* An x86 CPU may be known only by its flags. */
	if (cpu.id[0] || cpu.arch != SYS_ARCH_X86)
		fprintf(f, "%s\t: %s\n", sys_cpu_key(cpu.arch), cpu.id);
	if (cpu.arch == SYS_ARCH_X86)
		fputs("flags\t\t:", f);
	for (enum sys_word i = 0; i < SYS_WORDS_N && cpu.arch == SYS_ARCH_X86 && r == 0; i++) {
		struct field_u64 flag = { 0 };

		if (sys_word_kind(i) == WORD_CPU)
			flag = sys_cpu_flag(capture->root, i);
		if (flag.status == 1 && flag.value)
			fprintf(f, " %s", sys_word(i));
		r = flag.status < 0 ? flag.status : 0;
	}
	if (cpu.arch == SYS_ARCH_X86)
		fputc('\n', f);
	if (r == 0)
		return put_stream(capture, f, &text, "proc/cpuinfo");
	fclose(f);
	return capture_put_error(capture, "proc/cpuinfo", r);
}

static int put_params(struct capture *capture)
{
	static const struct capture_item item = { NULL, "", 0, NULL };
	int r = 0;

	for (enum sys_word i = 0; i < SYS_WORDS_N && r == 0; i++) {
		const char *module = sys_word(i), *dot = strchr(module, '.');
		char directory[128], path[256];
		_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;

		if (sys_word_kind(i) != WORD_PARAM)
			continue;
		snprintf(directory, sizeof(directory), SYS_MODULE_PARAMS, (int)(dot - module),
			 module);
		dir = sys_dir_open(capture->root, directory);
		snprintf(path, sizeof(path), "%s/%s", directory, dot + 1);
		r = capture_put_file(capture, dir, dot + 1, path, &item);
	}
	return r;
}

static int put_routes(struct capture *capture)
{
	_cleanup_strv_ struct strv names = { 0 };
	int r = sys_netlink_default_routes(capture->root, &names);

	if (r < 0)
		return r == -ENOENT ? 0 : capture_put_error(capture, NETLINK_ROUTES_CAPTURED, r);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		char path[128];

		snprintf(path, sizeof(path), NETLINK_ROUTES_CAPTURED "/%s", names.v[i]);
		r = capture_put_text(capture, path, "");
	}
	return r;
}

/* The kernel configuration from any of its places, stored uncompressed as proc/config.gz. */
static int put_config(struct capture *capture)
{
	_cleanup_kernel_config_ struct kernel_config config = { 0 };
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f;
	int r = sys_kernel_config_read(capture->root, &config);

	if (r < 0)
		return r == -ENOENT ? 0 : capture_put_error(capture, "proc/config.gz", r);
	f = open_memstream(&text, &size);
	if (!f)
		return -ENOMEM;
	for (enum sys_word i = 0; i < SYS_WORDS_N; i++) {
		struct field_str value = { 0 };

		if (sys_word_kind(i) == WORD_CONFIG)
			value = sys_kernel_config_get(&config, i);
		if (value.status == 1)
			fprintf(f, "CONFIG_%s=%s\n", sys_word(i), value.value);
		field_str_done(&value);
	}
	return put_stream(capture, f, &text, "proc/config.gz");
}

/* The devices that drivers support, loadable and built in, all stored as modules.alias. */
static int put_aliases(struct capture *capture)
{
	_cleanup_free_ char *text = NULL;
	char directory[NAME_MAX + 32], path[NAME_MAX + 64];
	size_t size;
	FILE *f;
	int r = driver_modules_path(capture->root, directory, sizeof(directory));

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	snprintf(path, sizeof(path), "%s/modules.alias", directory);
	f = open_memstream(&text, &size);
	if (!f)
		return -ENOMEM;
	r = driver_match_reduce(capture->root, f);
	if (r == 0)
		return put_stream(capture, f, &text, path);
	fclose(f);
	return r == -ENOENT ? 0 : r == -ENOMEM ? r : capture_put_error(capture, path, r);
}

static int put_mounts(struct capture *capture)
{
	static const struct capture_item item = { NULL, "", 0, capture_reduce_mounts };
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(capture->root, "proc/self");

	/* Not through the symlink, which refers to this process. */
	return dir.error < 0
		       ? 0
		       : capture_put_file(capture, dir, "mountinfo", "proc/self/mountinfo", &item);
}

static int put_features(struct capture *capture)
{
	_cleanup_feature_list_ struct feature_list list = { 0 };
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f;
	int r = feature_list(capture->root, NULL, &list);

	if (r < 0)
		return r;
	f = open_memstream(&text, &size);
	if (!f)
		return -ENOMEM;
	for (size_t i = 0; i < list.n; i++) {
		const struct feature *feature = &list.v[i];

		if ((strcmp(feature->kind, "ioctl") == 0 || strcmp(feature->kind, "flag") == 0) &&
		    feature->available.status != -EREMOTE)
			fprintf(f, "%s %d\n", feature->name,
				feature->available.status == 1 ? (int)feature->available.value
							       : feature->available.status);
	}
	if (fclose(f) != 0)
		return -ENOMEM;
	return size ? capture_put_text(capture, FEATURES_CAPTURED, text) : 0;
}

static int ignore(const struct log_fault *fault, void *data)
{
	(void)fault;
	(void)data;
	return 0;
}

/* The lines that "system explain" reports, or that continue such a line. */
static int keep_faults(int fd, FILE *f)
{
	_cleanup_log_parser_ struct log_parser parser = { 0 };
	_cleanup_free_ struct lines *lines = malloc(sizeof(*lines));
	const char *line;
	size_t size;
	int r;

	if (!lines)
		return -ENOMEM;
	lines_init(lines, fd, true);
	while ((r = lines_next(lines, -1, &line, &size)) > 0) {
		uint64_t others = parser.others;

		r = log_parse(&parser, line, size, ignore, NULL);
		if (r < 0)
			return r;
		if (parser.others == others) {
			fwrite(line, 1, size, f);
			fputc('\n', f);
		}
	}
	return r;
}

static int put_log(struct capture *capture)
{
	_cleanup_close_ int fd = log_kernel_open(capture->root);
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f;
	int r;

	if (fd < 0)
		return fd == -EREMOTE || fd == -ENOENT ? 0
						       : capture_put_error(capture, "dev/kmsg", fd);
	f = open_memstream(&text, &size);
	if (!f)
		return -ENOMEM;
	r = keep_faults(fd, f);
	if (r == 0)
		return put_stream(capture, f, &text, "dev/kmsg");
	fclose(f);
	return r == -ENOMEM ? r : capture_put_error(capture, "dev/kmsg", r);
}

static int put_entry(struct capture *capture, const struct sys_amd_table *table, const char *device)
{
	char path[128], text[AMD_DEVTBL_SIZE];
	struct pci_address address;
	ssize_t len;

	if (parse_pci_address(device, &address) < 0)
		return 0;
	len = sys_amd_table_text(table, &address, text, sizeof(text) - 1);
	if (len == -ENODEV || len == -ENOENT)
		return 0;
	snprintf(path, sizeof(path), AMD "/" AMD_DEVTBL_CAPTURED "/%s", device);
	if (len < 0)
		return capture_put_error(capture, path, (int)len);
	/* A captured one has no newline. */
	if (len > 0 && text[len - 1] != '\n')
		strcpy(text + len, "\n");
	return capture_put_text(capture, path, text);
}

static int put_amd(struct capture *capture)
{
	_cleanup_amd_table_ struct sys_amd_table table = { .dir = SYS_DIR_NONE, .devid = -1 };
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(capture->root, "sys/bus/pci/devices");
	int r = sys_amd_table_open(capture->root, &table);

	/*
	 * If there is no directory, there is nothing to read; if it is unreadable, the walk has
	 * recorded that.
	 */
	if (r < 0)
		return r == -EBUSY ? capture_put_error(capture, AMD "/" AMD_DEVTBL_CAPTURED, r) : 0;
	r = sys_list(dir, ".", &list);
	if (r < 0)
		return 0;
	for (size_t i = 0; r == 0 && i < list.n; i++)
		r = put_entry(capture, &table, list.v[i]);
	return r;
}

int capture_other(struct capture *capture)
{
	int r = put_cmdline(capture);

	if (r == 0)
		r = put_cpu(capture);
	if (r == 0)
		r = put_params(capture);
	if (r == 0)
		r = put_config(capture);
	if (r == 0)
		r = put_aliases(capture);
	if (r == 0)
		r = put_routes(capture);
	if (r == 0)
		r = put_mounts(capture);
	if (r == 0)
		r = put_features(capture);
	if (r == 0)
		r = put_log(capture);
	return r == 0 ? put_amd(capture) : r;
}
