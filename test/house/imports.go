package house

import (
	"fmt"
	"slices"
	"strings"
)

// place is a package's place in the house.
type place struct {
	dir    string   // from the module's root; "x/..." covers everything below x
	may    []string // our packages that it may import, in the same notation
	forbid []string // other packages that it must not import, "x/..." as above
	std    bool     // nothing outside the standard library
	why    string
}

var (
	words  = []string{"signature", "internal/interview", "internal/fault"}
	public = []string{"inbox/...", "signature", "simulator/..."}
	tools  = append([]string{
		"inbox", "internal/jobs", "internal/openai", "internal/ratelimit", "internal/store", "internal/telemetry",
		"internal/twilio",
	}, words...)
	behaviours = []string{
		"internal/api", "internal/console", "internal/pipeline", "internal/reconcile",
		"internal/webhook",
	}
	outside = []string{"database/sql/...", "net", "net/http/...", "os/...", "github.com/jackc/pgx/..."}
)

// plan is the import table. Imports go down only:
//
//	cmd > app > webhook, pipeline, api, console > store > jobs, twilio, openai > inbox > interview, signature
var plan = []place{
	{dir: "signature", std: true,
		why: "others import it alone, to check who sent a request: it costs them no dependency"},
	{dir: "simulator/...", may: []string{"simulator/..."},
		why: "a fake that shares code with what it tests proves nothing, so it signs and speaks on its own"},
	{dir: "internal/interview", forbid: outside,
		why: "the words and rules of an interview are pure: no database, no network, no files"},

	{dir: "internal/fault", std: true,
		why: "everybody below asks it what may be stored of an error, so it knows errors by their methods alone"},

	{dir: "inbox", may: []string{"signature", "internal/interview"},
		why: "it is public and knows no database, job or provider: those are its Processors' affair"},
	{dir: "inbox/...", may: append([]string{"inbox", "inbox/internal/..."}, words...),
		why: "a ready Processor serves other programs, so it needs nothing of ours but inbox"},

	{dir: "internal/telemetry", may: words, why: "it is below everything that it observes"},
	{dir: "internal/ratelimit", may: words, why: "a limiter limits keys; it does not know whose"},
	{dir: "internal/twilio", may: below("internal/telemetry"), why: "one outside technology to a folder: it speaks REST and nothing else"},
	{dir: "internal/openai", may: below("internal/telemetry"), why: "one outside technology to a folder: it speaks to models and nothing else"},
	{dir: "internal/jobs", may: below("internal/telemetry"), why: "the engine runs functions; what they do and where the ledger is, is handed to it"},
	{dir: "internal/store", may: below("internal/telemetry", "internal/jobs", "internal/store/migrations"), why: "the store enqueues in its own transactions; it calls nobody outside"},

	{dir: "internal/store/migrations", why: "the schema is made by statements alone; what they mean, the store knows"},
	{dir: "internal/store/storetest", may: []string{"internal/store/migrations", "internal/testdb"},
		why: "the store's own tests use it, so it must not import the store"},

	{dir: "internal/webhook", may: tools, forbid: []string{"database/sql/...", "github.com/jackc/pgx/..."},
		why: "a webhook is a pure decision, and what it starts, it starts through the database: never through pipeline"},
	{dir: "internal/pipeline", may: tools,
		why: "a function is started by a row in the ledger, never by webhook; job arguments live in interview"},
	{dir: "internal/api", may: tools, why: "behaviours do not know each other: app alone knows everybody"},
	{dir: "internal/console/...", may: append([]string{"internal/console/..."}, tools...), why: "behaviours do not know each other: app alone knows everybody"},
	{dir: "internal/reconcile", may: tools, why: "behaviours do not know each other: app alone knows everybody"},

	{dir: "internal/verify", may: tools, why: "behaviours do not know each other: what the webhooks decide is handed to it"},

	{dir: "internal/app/...", may: slices.Concat([]string{"internal/app/...", "internal/console/...", "inbox/..."}, behaviours, tools),
		why: "app wires the program together and stands below the command only; a real server contains no simulator"},
	{dir: "internal/outside", may: public,
		why: "it knows the API from its contract: what it shared with the server, it could not judge"},
	{dir: "internal/demo", may: slices.Concat([]string{"internal/app", "internal/outside"}, public, tools),
		why: "the demo drives the program as anybody could, with a simulated Twilio beside it"},
	{dir: "internal/simulate", may: slices.Concat([]string{"internal/telemetry"}, public, words),
		why: "it tests anybody's application, ours among them, and so knows none from the inside"},
	{dir: "cmd/...", may: slices.Concat([]string{"cmd/...", "internal/app/...", "internal/demo", "internal/simulate", "internal/verify"}, public, tools),
		why: "a command reads flags and sets exit codes; the program is app"},

	{dir: "internal/testserver/...", may: []string{"internal/testserver"}, why: "a server for tests knows nothing of what is tested"},
	{dir: "internal/testdb", may: []string{"internal/testserver"}, why: "a database for tests knows nothing of what is tested"},
	{dir: "examples/...", may: public, why: "an example shows what another program can do, which has no internal packages"},
	{dir: "test/...", may: []string{"..."}, why: "tests of the whole program may use all of it"},
}

func below(more ...string) []string { return slices.Concat([]string{"inbox"}, words, more) }

// CheckImports returns a line for every import that goes against the plan.
// Tests may import what they like: they are nobody's dependency.
func CheckImports(sources []Source) []string {
	var faults []string
	for _, s := range sources {
		if s.IsTest() {
			continue
		}
		p, ok := placeOf(s.Dir())
		if !ok {
			faults = append(faults, fmt.Sprintf("%s: %s has no place in the house: give it a line in test/house/imports.go", s.Path, s.Dir()))
			continue
		}
		for _, imported := range s.Imports {
			if !p.allows(imported) {
				faults = append(faults, fmt.Sprintf("%s: must not import %s: %s", s.Path, imported, p.why))
			}
		}
	}
	return faults
}

// placeOf finds the first place that covers dir, its own before "x/...".
func placeOf(dir string) (place, bool) {
	for _, p := range plan {
		if p.dir == dir {
			return p, true
		}
	}
	for _, p := range plan {
		if covers(p.dir, dir) {
			return p, true
		}
	}
	return place{}, false
}

func (p place) allows(imported string) bool {
	if dir, ours := strings.CutPrefix(imported, Module+"/"); ours {
		return slices.ContainsFunc(p.may, func(pattern string) bool { return covers(pattern, dir) })
	}
	if p.std && strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") {
		return false
	}
	return !slices.ContainsFunc(p.forbid, func(pattern string) bool { return covers(pattern, imported) })
}

// covers says whether a pattern means name: itself, or with "x/..." x and all
// below it.
func covers(pattern, name string) bool {
	if pattern == "..." {
		return true
	}
	parent, all := strings.CutSuffix(pattern, "/...")
	return name == parent || all && strings.HasPrefix(name, parent+"/")
}
