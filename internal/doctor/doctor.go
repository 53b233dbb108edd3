package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
)

// Result says what came of a check.
type Result string

// The results.
const (
	OK Result = "ok"
	// Warn: it works, and somebody should look at it.
	Warn Result = "warn"
	// Fail: something does not work.
	Fail Result = "fail"
	// Skipped: it was not looked at, and Detail says why.
	Skipped Result = "skipped"
)

// Finding is what one check found.
type Finding struct {
	// Name is the group and what of it, such as "database.write".
	Name string `json:"name"`
	// LookedAt says what was looked at, such as a URL.
	LookedAt string `json:"lookedAt"`
	Result   Result `json:"result"`
	// Detail is what was found, Cure what is to be done about it: for each Warn and Fail, in one line.
	Detail string `json:"detail,omitempty"`
	Cure   string `json:"cure,omitempty"`
	// ElapsedMs is how long the check took, in milliseconds.
	ElapsedMs int64 `json:"elapsedMs"`
}

// check is one thing to look at.
type check struct {
	name     string
	lookedAt string
	// needs are the variables that must be right for it, by the names in Config.Faults.
	needs []string
	// within bounds it.
	within time.Duration
	run    func(ctx context.Context) outcome
}

// outcome is what a check says.
type outcome struct {
	result       Result
	detail, cure string
}

func ok(format string, args ...any) outcome {
	return outcome{result: OK, detail: fmt.Sprintf(format, args...)}
}
func skipped(format string, args ...any) outcome {
	return outcome{result: Skipped, detail: fmt.Sprintf(format, args...)}
}
func warn(cure, format string, args ...any) outcome {
	return outcome{Warn, fmt.Sprintf(format, args...), cure}
}
func fail(cure, format string, args ...any) outcome {
	return outcome{Fail, fmt.Sprintf(format, args...), cure}
}

// defaultWithin bounds a check that says nothing else.
const defaultWithin = 15 * time.Second

// doctor is one examination.
type doctor struct {
	Config
	// opened is the database, once the check that opens it has succeeded.
	opened *store.Store
	// rest speaks with the first token that Twilio accepts.
	rest *twilio.Client
}

// Groups are the words that Config.Only takes, besides full names.
func Groups() []string {
	return []string{"configuration", "database", "disk", "redis", "twilio", "models", "url", "jobs", "retention", "tokens"}
}

// Run looks at everything, or at what Config.Only names, and returns what it found in a fixed order. progress, if set, is called
// after each check with how many of them are over.
func Run(ctx context.Context, config Config, progress func(done, total int)) []Finding {
	d := &doctor{Config: config.withDefaults()}
	d.opened = d.Store
	defer d.close()
	groups := d.groups()
	var total int
	for _, group := range groups {
		total += len(group)
	}
	found := make([][]Finding, len(groups))
	var mu sync.Mutex
	done := 0
	over := func() {
		mu.Lock()
		defer mu.Unlock()
		if done++; progress != nil {
			progress(done, total)
		}
	}
	// The database first: others look into it. The groups after it wait for different services.
	var others errgroup.Group
	for n, group := range groups {
		examine := func() error {
			for _, c := range group {
				found[n] = append(found[n], d.examine(ctx, c))
				over()
			}
			return nil
		}
		if len(group) > 0 && groupOf(group[0].name) == "database" {
			_ = examine()
			continue
		}
		others.Go(examine)
	}
	_ = others.Wait()
	return slices.Concat(found...)
}

// groups are the checks, those of a group in their order. Nothing is asked yet.
func (d *doctor) groups() [][]check {
	// The database is opened by its first check, whichever are wanted.
	all := [][]check{
		d.configurationChecks(), d.databaseChecks(), d.diskChecks(), d.redisChecks(), d.twilioChecks(), d.modelChecks(), d.urlChecks(), d.jobsChecks(),
		d.retentionChecks(), d.tokenChecks(),
	}
	if len(d.Only) == 0 {
		return all
	}
	needsDatabase := false
	for n := range all {
		for _, c := range all[n] {
			needsDatabase = needsDatabase || d.Store == nil && d.wanted(c.name) && (c.name == CountriesCheck || slices.Contains([]string{"tokens", "retention", "database"}, groupOf(c.name)))
		}
	}
	for n, group := range all {
		all[n] = slices.DeleteFunc(group, func(c check) bool {
			return !d.wanted(c.name) && !(needsDatabase && c.name == openDatabase)
		})
	}
	return all
}

func (d *doctor) wanted(name string) bool {
	return len(d.Only) == 0 || slices.Contains(d.Only, name) || slices.Contains(d.Only, groupOf(name))
}

func groupOf(name string) string {
	group, _, _ := strings.Cut(name, ".")
	return group
}

// examine makes one check.
func (d *doctor) examine(ctx context.Context, c check) Finding {
	if c.within == 0 {
		c.within = defaultWithin
	}
	ctx, cancel := context.WithTimeout(ctx, c.within)
	defer cancel()
	began := time.Now()
	said := d.blocked(c)
	if said.result == "" {
		said = c.run(ctx)
	}
	return Finding{Name: c.name, LookedAt: d.Clean(c.lookedAt), Result: said.result, Detail: d.Clean(said.detail), Cure: d.Clean(said.cure),
		ElapsedMs: time.Since(began).Milliseconds()}
}

// blocked skips a check whose settings are wrong.
func (d *doctor) blocked(c check) outcome {
	for _, fault := range d.Faults {
		variable, _, _ := strings.Cut(fault, ":")
		if slices.Contains(c.needs, variable) {
			return skipped("%s must be right first", variable)
		}
	}
	return outcome{}
}

// Worst is the worst result of all: Fail, Warn or OK.
func Worst(findings []Finding) Result {
	worst := OK
	for _, f := range findings {
		switch {
		case f.Result == Fail:
			return Fail
		case f.Result == Warn:
			worst = Warn
		}
	}
	return worst
}

// Unknown are the words of only that name no group and no check.
func Unknown(only []string) (unknown []string) {
	names := map[string]bool{}
	for _, group := range (&doctor{Config: Config{}.withDefaults()}).groups() {
		for _, c := range group {
			names[c.name], names[groupOf(c.name)] = true, true
		}
	}
	for _, word := range only {
		if !names[word] && !slices.Contains(Groups(), word) {
			unknown = append(unknown, word)
		}
	}
	return unknown
}
