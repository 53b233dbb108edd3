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
