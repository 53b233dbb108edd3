// Command imports measures what the import of a long list of contacts takes: time, and the memory of the process that does it, by the
// API of `iagent serve` and by `iagent import`, on each database, of CSV and JSON, as a dry run, as an import, and of the same list again.
//
//	go run ./test/imports
//	go run ./test/imports -rows 100000 -by api -database sqlite -format csv
//
// Each is done by a process of its own. Memory is the peak of the operating system's account, so it is measured on Linux only. Exit
// status 1 says that a limit was passed or that a count is wrong.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/test/measure"
)

// settings are those of the command line.
type settings struct {
	rows, memory             int
	time                     time.Duration
	ways, databases, formats []string
	binary                   string
}

func main() {
	var s settings
	flag.IntVar(&s.rows, "rows", 100_000, "rows of the list; one in ten is faulty")
	flag.IntVar(&s.memory, "memory", 200, "MB that no process may pass")
	flag.DurationVar(&s.time, "time", time.Minute, "time that none may pass")
	flag.StringVar(&s.binary, "binary", "", "iagent, instead of one that is built from the sources at hand")
	choice(&s.ways, "by", "api", "command")
	choice(&s.databases, "database", "sqlite", "postgres")
	choice(&s.formats, "format", "csv", "json")
	flag.Parse()
	if err := s.measure(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "imports:", err)
		os.Exit(1)
	}
}

// choice is a flag that takes some of the words, all of them without it.
func choice(to *[]string, name string, all ...string) {
	*to = all
	flag.Func(name, "some of "+strings.Join(all, ",")+"; all without it", func(text string) error {
		*to = strings.Split(text, ",")
		for _, one := range *to {
			if !slices.Contains(all, one) {
				return fmt.Errorf("%q is none of %s", one, strings.Join(all, ", "))
			}
		}
		return nil
	})
}

// measure does every import that was asked for and prints a line for each.
func (s settings) measure(ctx context.Context) error {
	binary, remove, err := e2e.BuildTemporary(ctx, s.binary)
	if err != nil {
		return err
	}
	defer remove()
	folder, err := os.MkdirTemp("", "iagent-imports-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	databases := databases{folder: folder}
	defer databases.close()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "database\tof\tby\twhat\tseconds\tof processor\tMB before\tMB at most\tMB of answer")
	var passed error
	for _, database := range s.databases {
		for _, format := range s.formats {
			list, err := measure.NewContactList(folder, format, s.rows)
			if err != nil {
				return err
			}
			for _, way := range s.ways {
				url, err := databases.create(ctx, database)
				if err != nil {
					return err
				}
				done, err := importList(ctx, way, binary, url, list)
				if err != nil {
					return fmt.Errorf("%s, %s, by %s: %w", database, format, way, err)
				}
				for _, f := range done {
					if f.peak > s.memory || f.time > s.time {
						passed = errors.Join(passed, fmt.Errorf("%s, %s, by %s, %s: %s and %d MB; the limits are %s and %d MB", database, format, way, f.what, f.time, f.peak, s.time, s.memory))
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.1f\t%.1f\t%d\t%d\t%.1f\n", database, format, way, f.what, f.time.Seconds(), f.cpu.Seconds(), f.idle, f.peak, float64(f.answer)/(1<<20))
				}
			}
		}
	}
	return errors.Join(w.Flush(), passed)
}
