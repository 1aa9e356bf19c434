# SPDX-License-Identifier: GPL-2.0-or-later
# 'make help' lists the targets. Everything is built in $(BUILD).

NAME    := ioasidctl
VERSION := 0.1.0

BUILD ?= build
# For 'make soak' and 'make hostile'.
SECONDS ?= 1800
SEEDS   ?=
ifeq ($(origin CC),default)
CC := gcc
endif

prefix      ?= /usr/local
bindir      ?= $(prefix)/bin
datadir     ?= $(prefix)/share
mandir      ?= $(datadir)/man
bashcompdir ?= $(datadir)/bash-completion/completions
docdir      ?= $(datadir)/doc/$(NAME)
unitdir     ?= $(prefix)/lib/systemd/system

PKG_CONFIG ?= pkg-config
LIBRARIES  := libudev libmnl smartcols json-c zlib libseccomp

# WERROR=-Werror, as the tests have it, makes a warning an error.
WERROR   ?=
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
            -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wno-missing-field-initializers $(WERROR)
CFLAGS   ?= -O2 -g
LDFLAGS  ?=

# SANITIZE=1 builds with ASan and UBSan, FUZZ=1 (with clang) also for libFuzzer.
ifeq ($(SANITIZE),1)
# Linking the sanitizer runtimes statically (gcc's are shared by default), and avoiding relocations
# (of the 70,000 pointers that the sanitizers add), each make a short run a third faster.
HARDENING := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -fno-pie
LINKING   := $(HARDENING) -no-pie $(if $(findstring clang,$(CC)),,-static-libasan -static-libubsan)
else ifeq ($(FUZZ),1)
HARDENING := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LINKING   := -fsanitize=address,undefined
else
HARDENING := -fPIE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
LINKING   := -pie -Wl,-z,relro,-z,now
endif

# pkg-config is only called when something is compiled, so that 'make deps' and 'make help' work
# without it.
LIB_CFLAGS = $(eval LIB_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBRARIES) || echo missing))$(if \
    $(filter missing,$(LIB_CFLAGS)),$(error a library is missing: 'make deps' installs it on Debian))$(LIB_CFLAGS)
LIB_LIBS   = $(eval LIB_LIBS := $(shell $(PKG_CONFIG) --libs $(LIBRARIES)))$(LIB_LIBS)
UNIT_LIBS  = $(eval UNIT_LIBS := $(shell $(PKG_CONFIG) --libs cmocka))$(UNIT_LIBS)

COMPILE = $(CC) -std=gnu11 -D_GNU_SOURCE -DIOASIDCTL_VERSION='"$(VERSION)"' -Isrc -I$(BUILD)/gen \
          $(LIB_CFLAGS) $(WARNINGS) $(HARDENING) $(CFLAGS) $(CPPFLAGS) -MMD -MP

SOURCES  := $(sort $(wildcard $(addsuffix /*.c,src src/* src/*/* src/*/*/*)))
OBJECTS  := $(SOURCES:%.c=$(BUILD)/%.o)
INTERFACE := src/wire/org.ioasidctl.Context.varlink
UNITS    := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(sort $(wildcard tests/unit/*/test_*.c)))
BENCHES  := $(patsubst tests/bench/%.c,$(BUILD)/tests/bench/%,$(sort $(wildcard tests/bench/*.c)))
FUZZERS  := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/tests/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
# Programs that the lab's tests run besides the program itself.
HELPERS  := $(patsubst tests/lab/suites/%.c,$(BUILD)/tests/lab/suites/%,$(sort $(wildcard tests/lab/suites/*.c)))
# A directory: which schemas there are, the program knows.
SCHEMAS  := $(BUILD)/schemas
UNIT     := dist/$(NAME)-context@.service
MANUALS  := $(patsubst man/%.in,$(BUILD)/man/%,$(sort $(wildcard man/*.8.in)))

# V=1 shows the commands.
Q  := $(if $(V),,@)
say = $(if $(V),,@echo '  $(1)' $@)

.PHONY: all binary man schemas units benches fuzzers helpers check quick demo lab bench fuzz hostile soak install uninstall deps dist clean help
.DELETE_ON_ERROR:

all: binary man schemas ## build the program, its manual pages and schemas of its JSON (the default)

binary: $(BUILD)/$(NAME)
man: $(MANUALS)
schemas: $(SCHEMAS)
units: $(UNITS)
benches: $(BENCHES)
fuzzers: $(FUZZERS)
helpers: $(HELPERS) $(addprefix $(BUILD)/lab/,endpoint edu)

$(BUILD)/$(NAME): $(OBJECTS)
	$(call say,LINK)
	$(Q)$(CC) $(LINKING) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

$(BUILD)/src/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(COMPILE) -c -o $@ $<

# org.varlink.service returns the interface description that is installed.
$(BUILD)/gen/wire/interface.h: $(INTERFACE)
	@mkdir -p $(@D)
	$(call say,GEN)
	$(Q)sed -e 's/[\\"]/\\&/g' -e 's/^/"/' -e 's/$$/\\n"/' $< >$@

$(filter $(BUILD)/src/holder/%,$(OBJECTS)): $(BUILD)/gen/wire/interface.h

# The kernel's own headers from the lab's tools: Debian 12's have neither iommufd nor VFIO cdevs.
UAPI_HEADERS = $(eval UAPI_HEADERS := $(addsuffix /usr/include,$(firstword $(shell \
    tests/lab/build --where 2>/dev/null))))$(UAPI_HEADERS)
$(BUILD)/tests/unit/holder/test_uapi: CPPFLAGS += $(addprefix -isystem ,$(UAPI_HEADERS) \
    $(addsuffix /$(shell $(CC) -dumpmachine),$(UAPI_HEADERS)))

# What a test plays in place of the kernel.
$(BUILD)/tests/unit/model/test_driver_execute: LINKING += \
    -Wl,--wrap=sys_root_write,--wrap=sys_monitor_open,--wrap=sys_monitor_wait
$(BUILD)/tests/unit/holder/test_file $(BUILD)/tests/unit/holder/test_mapping: \
    LINKING += -Wl,--wrap=memory_available
$(BUILD)/tests/unit/model/test_driver_guard: LINKING += -Wl,--wrap=sys_block_claimed
$(BUILD)/tests/unit/wire/test_runtime: LINKING += -Wl,--wrap=getsockopt

# Each unit test is a program of its own, linked with all the program's objects except main().
$(BUILD)/tests/unit/%: tests/unit/%.c $(filter-out $(BUILD)/src/main.o,$(OBJECTS)) Makefile
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(COMPILE) $(LINKING) -o $@ $< $(filter %.o,$^) $(LIB_LIBS) $(UNIT_LIBS)

# Bare ioctls, through the program's own wrappers.
$(BENCHES) $(HELPERS): $(BUILD)/%: %.c $(addprefix $(BUILD)/src/sys/,iommufd.o vfio.o) \
                                   $(filter $(BUILD)/src/util/%,$(OBJECTS)) Makefile
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(COMPILE) $(LINKING) -o $@ $(filter %.c %.o,$^)

# A fuzz target: by default it runs on the given files, with FUZZ=1 libFuzzer drives it.
$(BUILD)/tests/fuzz/%: tests/fuzz/fuzz_%.c tests/fuzz/replay.c tests/fuzz/fuzz.h \
                       $(filter-out $(BUILD)/src/main.o,$(OBJECTS)) Makefile
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(COMPILE) $(LINKING) $(if $(filter 1,$(FUZZ)),-fsanitize=fuzzer) -o $@ $< \
	    $(if $(filter 1,$(FUZZ)),,tests/fuzz/replay.c) $(filter %.o,$^) $(LIB_LIBS)

$(BUILD)/lab/%: tests/lab/%.c Makefile
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) -std=gnu11 $(WARNINGS) $(HARDENING) $(CFLAGS) $(LINKING) -o $@ $<

# Options and columns come from the program, so that a page cannot become outdated.
$(BUILD)/man/%: man/%.in man/generate $(BUILD)/$(NAME)
	@mkdir -p $(@D)
	$(call say,MAN)
	$(Q)man/generate $(BUILD)/$(NAME) $(VERSION) $< >$@

# One of each verb that prints JSON, and one of the list of sources, which has columns of its own.
$(SCHEMAS): $(BUILD)/$(NAME)
	$(call say,GEN)
	$(Q)rm -rf $@ $@.new && mkdir -p $@.new
	$(Q)$< --dump-commands | \
	    awk -F '\t' '$$2 == "--json" { print $$1 } $$2 == "--sources" { print $$1, $$2 }' | \
	    while read -r name noun verb option; do \
	        $< $$noun $$verb $$option --schema >$@.new/$$noun-$$verb$${option#-}.schema.json || exit 1; \
	    done
	$(Q)mv $@.new $@

# Missing Debian packages are installed for root, named for everybody else; looked at once a build.
$(BUILD)/deps: tests/deps
	@mkdir -p $(@D)
	tests/deps
	@touch $@

deps: ## install the Debian packages that building, the tests and the lab need
	tests/deps

check: $(BUILD)/deps ## run all tests
	+tests/check

quick: $(BUILD)/deps ## run the tests that need no lab: two minutes
	+tests/check unit cli docs static

demo: $(BUILD)/deps ## show the main job on a real kernel in an emulated machine
	+@$(MAKE) -s --no-print-directory lab binary $(BUILD)/lab/endpoint
	@tests/demo

lab: $(BUILD)/deps ## fetch QEMU and build the kernel of the lab, once
	@tests/lab/build

bench: $(BUILD)/deps ## measure against bare system calls and other tools
	+@$(MAKE) -s --no-print-directory lab binary benches $(BUILD)/lab/endpoint
	@tests/bench/run

fuzz: $(BUILD)/deps ## run every parser under libFuzzer, FUZZ_SECONDS (600) each
	+@$(MAKE) -s --no-print-directory BUILD=$(BUILD)/fuzz CC=clang FUZZ=1 fuzzers
	@tests/fuzz/run $(BUILD)/fuzz

hostile: $(BUILD)/deps ## run on captures broken at random for SECONDS (1800) under ASan; SEEDS=N repeats one
	+@$(MAKE) -s --no-print-directory BUILD=$(BUILD)/asan SANITIZE=1 binary
	@tests/hostile $(BUILD)/asan/$(NAME) $(SECONDS) $(SEEDS)

soak: $(BUILD)/deps ## do random things to contexts on a real kernel for SECONDS (1800); a model watches
	+@$(MAKE) -s --no-print-directory lab binary $(BUILD)/lab/endpoint
	@tests/lab/run --timeout $$(($(SECONDS) + 600)) intel-all -- \
	    tests/model/soak $(BUILD)/$(NAME) --seconds $(SECONDS)

install: all ## install beneath $(DESTDIR)$(prefix)
	install -D -m 755 $(BUILD)/$(NAME) $(DESTDIR)$(bindir)/$(NAME)
	install -D -m 644 completions/$(NAME) $(DESTDIR)$(bashcompdir)/$(NAME)
	install -D -m 644 $(INTERFACE) $(DESTDIR)$(datadir)/$(NAME)/$(notdir $(INTERFACE))
	install -m 644 $(SCHEMAS)/*.schema.json $(DESTDIR)$(datadir)/$(NAME)
	install -d $(DESTDIR)$(mandir)/man8
	install -m 644 $(MANUALS) $(DESTDIR)$(mandir)/man8
	sed 's,@bindir@,$(bindir),' $(UNIT) | install -D -m 644 /dev/stdin $(DESTDIR)$(unitdir)/$(notdir $(UNIT))
	install -D -m 644 README.md $(DESTDIR)$(docdir)/README.md
	install -D -m 644 LICENSE $(DESTDIR)$(docdir)/LICENSE

uninstall: ## remove what install installed
	rm -f $(DESTDIR)$(bindir)/$(NAME) $(DESTDIR)$(bashcompdir)/$(NAME)
	rm -f $(DESTDIR)$(unitdir)/$(notdir $(UNIT))
	rm -f $(addprefix $(DESTDIR)$(mandir)/man8/,$(notdir $(MANUALS)))
	rm -rf $(DESTDIR)$(datadir)/$(NAME) $(DESTDIR)$(docdir)

dist: ## make $(BUILD)/ioasidctl-VERSION.tar.gz
	@mkdir -p $(BUILD)
	tar --transform 's,^\./,$(NAME)-$(VERSION)/,' --sort=name --owner=0 --group=0 --exclude-vcs \
	    --exclude='./build' -czf $(BUILD)/$(NAME)-$(VERSION).tar.gz ./src ./man ./completions ./dist ./doc ./tests \
	    ./.ci ./.clang-format ./Makefile ./README.md ./LICENSE ./$(NAME).spec

clean: ## remove what was built
	rm -rf $(BUILD)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' Makefile

-include $(OBJECTS:.o=.d) $(UNITS:=.d)
