package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// A command is read without describing the others to kong, which must make no difference.
func TestCommandIsReadAsOneOfAll(t *testing.T) {
	helped := func(grammar any, args ...string) string {
		t.Helper()
		var out strings.Builder
		parser, err := newParser(t.Context(), grammar, func(int) {}, kong.Writers(&out, &out))
		if err != nil {
			t.Fatal(err)
		}
		_, err = parser.Parse(args)
		parser.FatalIfErrorf(err)
		return out.String()
	}
	parser, err := newParser(t.Context(), &commands{}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Children {
		one := grammar([]string{command.Name})
		if n := reflect.ValueOf(one).Elem().NumField(); n != 1 {
			t.Errorf("%s is read beside %d others", command.Name, n-1)
		}
		for _, arg := range []string{"--help", "--no-such-flag", "no-such-argument"} {
			if got, want := helped(one, command.Name, arg), helped(&commands{}, command.Name, arg); got != want {
				t.Errorf("iagent %s %s says\n%s\nwith all commands\n%s", command.Name, arg, got, want)
			}
		}
	}
	for _, args := range [][]string{nil, {"--help"}, {"serves"}, {""}} {
		if _, all := grammar(args).(*commands); !all {
			t.Errorf("%q names no command and is read as one", args)
		}
	}
}

// Each of the words that people try for version and help is answered.
func TestVersionAndHelpAnswerToTheirUsualNames(t *testing.T) {
	says := func(args ...string) string {
		t.Helper()
		stdout, stderr, code := ran(t, args...)
		if code != 0 || stderr != "" {
			t.Errorf("%q: exit code %d, %s", args, code, stderr)
		}
		return stdout
	}
	for _, args := range [][]string{{"--version"}, {"-V"}} {
		if got, want := says(args...), says("version"); got != want {
			t.Errorf("%q says %q, want %q", args, got, want)
		}
	}
	for _, alike := range [][][]string{
		{{"--help"}, {"-h"}, {"help"}},
		{{"do-not-call", "--help"}, {"do-not-call", "-h"}, {"help", "do-not-call"}},
		{{"do-not-call", "remove", "--help"}, {"help", "do-not-call", "remove"}},
	} {
		for _, args := range alike[1:] {
			if got, want := says(args...), says(alike[0]...); got != want || got == "" {
				t.Errorf("%q says\n%s\nwant\n%s", args, got, want)
			}
		}
	}
}
