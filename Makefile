# make help lists the targets. BUILD=release|debug|asan|tsan|fuzz picks one of the separate builds.
BUILD ?= release
ifeq ($(origin CC),default)
CC := gcc
endif
B := build/$(BUILD)

warn := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla
opt_release := -O2 -DNDEBUG
opt_debug   := -Og -g3
opt_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
opt_tsan    := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
opt_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
opt := $(opt_$(BUILD))
ifeq ($(opt),)
$(error BUILD is '$(BUILD)'; it is one of release debug asan tsan fuzz)
endif
ifeq ($(BUILD),fuzz)
CC := clang
endif

packages := libuv opus libavutil libswresample libsrtp2 jansson speexdsp sndfile inih openssl
pkg_cflags = $(shell pkg-config --cflags $(packages) | sed 's/-I/-isystem /g')
pkg_libs   = $(shell pkg-config --libs $(packages)) -lm -lpthread
test_wrap  := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
test_libs  = $(test_wrap) $(pkg_libs) $(shell pkg-config --libs libavcodec criterion)

CFLAGS  ?=
LDFLAGS ?=
cflags = -std=c11 -D_GNU_SOURCE -I. $(warn) $(opt) -fno-math-errno -fno-trapping-math $(pkg_cflags) $(CFLAGS)
ldflags = $(opt) $(LDFLAGS)

lib_src   := $(wildcard codecs/*.c mixer/*.c mixer/*/*.c net/*.c net/*/*.c) $(filter-out mcu/main.c,$(wildcard mcu/*.c mcu/*/*.c))
unit_src  := $(wildcard tests/unit/*.c)
loop_src  := $(wildcard tests/loop/*.c)
supp_src  := $(wildcard tests/support/*.c)
fuzz_src  := $(wildcard tests/fuzz/fuzz_*.c)
bench_src := $(wildcard bench/*.c)
tool_src  := $(wildcard tools/*.c)
obj = $(patsubst %.c,$(B)/%.o,$(1))
lib := $(B)/libmischpult.a

all: $(B)/bin/mcu $(tool_src:tools/%.c=$(B)/bin/%)

# V=1 shows the commands.
ifneq ($(V),1)
quiet = @printf '  %-5s %s\n' $(1) $(2);
endif

# --- programs ------------------------------------------------------------------------------------
$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call quiet,CC,$<)$(CC) $(cflags) -MMD -MP -c -o $@ $<

$(lib): $(call obj,$(lib_src)) $(B)/mcu/api/web_files.o
	$(call quiet,AR,$@)rm -f $@ && ar rcs $@ $^

$(B)/bin/mcu: $(call obj,mcu/main.c) $(lib)
	@mkdir -p $(@D)
	$(call quiet,LD,$@)$(CC) $(ldflags) -o $@ $^ $(pkg_libs)

$(B)/bin/rtpload: $(call obj,$(wildcard tools/rtpload/*.c))
$(B)/bin/mcuctl: $(call obj,$(wildcard tools/mcuctl/*.c))
$(tool_src:tools/%.c=$(B)/bin/%): $(B)/bin/%: $(B)/tools/%.o $(lib)
	@mkdir -p $(@D)
	$(call quiet,LD,$@)$(CC) $(ldflags) -o $@ $(filter %.o,$^) $(lib) $(pkg_libs) $(if $(filter %/bin/mcuctl,$@),-lcurl)

$(B)/tests/unit_tests: $(call obj,$(unit_src) $(supp_src)) $(lib)
	$(call quiet,LD,$@)$(CC) $(ldflags) -o $@ $^ $(test_libs)

$(B)/tests/loop_tests: $(call obj,$(loop_src) $(supp_src)) $(lib)
	$(call quiet,LD,$@)$(CC) $(ldflags) -o $@ $^ $(test_libs)

fuzzers := $(fuzz_src:tests/fuzz/%.c=$(B)/%)
$(fuzzers): $(B)/%: $(B)/tests/fuzz/%.o $(lib)
	$(call quiet,LD,$@)$(CC) $(ldflags) -fsanitize=fuzzer -o $@ $^ $(pkg_libs)

benches := $(bench_src:bench/%.c=$(B)/%)
$(B)/bench_jitter: $(call obj,tests/support/jitter_sim.c tests/support/speech.c)
$(benches): $(B)/%: $(B)/bench/%.o $(lib)
	$(call quiet,LD,$@)$(CC) $(ldflags) -o $@ $^ $(pkg_libs)

# Objects are made anew when the compiler or its flags change.
$(B)/flags: FORCE
	@mkdir -p $(B)
	@echo '$(CC) $(opt) $(CFLAGS) $(LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(opt) $(CFLAGS) $(LDFLAGS)' >$@
FORCE:

# What the program embeds is no #include that the compiler could tell of.
$(B)/mcu/api/embed.o: mcu/api/openapi.json

web := $(shell find mcu/web -type f | sort)
$(B)/web.list: FORCE
	@mkdir -p $(B)
	@echo '$(web)' | cmp -s - $@ || echo '$(web)' >$@
$(B)/mcu/api/web_files.c: tools/embed $(web) $(B)/web.list
	@mkdir -p $(@D)
	$(call quiet,EMBED,mcu/web)tools/embed mcu/web $(B)/web >$@.new && mv $@.new $@
$(B)/mcu/api/web_files.o: $(B)/mcu/api/web_files.c $(B)/flags
	$(call quiet,CC,$<)$(CC) $(cflags) -MMD -MP -c -o $@ $<

-include $(shell [ -d $(B) ] && find $(B) -name '*.d')

# --- what a person types -------------------------------------------------------------------------
ARGS ?=
run: ## install what is missing, build, start the server on loopback (ARGS="…" are its flags)
	tools/packages install run build
	$(MAKE) all
	exec $(B)/bin/mcu $(ARGS)

demo: ## a room with two talkers and a listener; says what the listener heard
	tools/packages install run build test
	$(MAKE) all
	tools/demo

test: ## install what tests need, build, run unit, loop and end-to-end tests
	tools/packages install run build test
	tests/run

bench: ## measure speed and memory; Janus beside us when it is installed
	tools/packages install run build bench
	bench/run

FUZZ_SECONDS ?= 60
fuzz: ## run every fuzz target for FUZZ_SECONDS (60)
	tools/packages install build test
	$(MAKE) BUILD=fuzz fuzzers
	tests/fuzz/run $(FUZZ_SECONDS)

fuzzers: $(fuzzers)
benches: $(benches)
tests: $(B)/tests/unit_tests $(B)/tests/loop_tests

lint: ## format, include directions, static analysis, clang's warnings
	tools/packages install build test lint
	tools/lint

format: ## rewrite the C sources in house format
	git ls-files '*.c' '*.h' | xargs clang-format -i

PREFIX ?= /usr/local
install: all ## install program, control client and examples under PREFIX (/usr/local)
	install -D $(B)/bin/mcu $(DESTDIR)$(PREFIX)/bin/mcu
	install -D $(B)/bin/mcuctl $(DESTDIR)$(PREFIX)/bin/mcuctl
	$(B)/bin/mcu --print-config >$(B)/bin/mcu.conf.example
	install -D -m 644 $(B)/bin/mcu.conf.example $(DESTDIR)$(PREFIX)/share/mischpult/mcu.conf.example

clean: ## remove what was built
	rm -rf build

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 12

.PHONY: all run demo test tests bench benches fuzz fuzzers lint format install clean help FORCE
.DEFAULT_GOAL := all
