package main

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	// Those of the program that have tables of words; the whole program would take long to link.
	_ "github.com/i-agent/iagent/internal/evidence"
	_ "github.com/i-agent/iagent/internal/webhook"
)

// What must not be in the program, and why. A package is meant with those below it.
var unwanted = map[string]string{
	"testing":                     "tests",
	"net/http/pprof":              "it opens profiles to whoever reaches the server",
	"github.com/chromedp":         "tests in a browser",
	"github.com/mattn/go-sqlite3": "cgo; modernc.org/sqlite is the driver",
	"github.com/lib/pq":           "pgx is the driver",
	"k8s.io":                      "nothing of it is called",
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc": "metrics are sent over HTTP",
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc":   "traces are sent over HTTP",
}

// products are those of Twilio's client that are called. The client has some fifty.
var products = []string{"github.com/twilio/twilio-go/rest/api/v2010", "github.com/twilio/twilio-go/rest/voice/v1"}

func TestProgramLinksNothingThatIsNeverCalled(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "github.com/i-agent/iagent/cmd/iagent").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, linked := range strings.Fields(string(out)) {
		for path, why := range unwanted {
			if linked == path || strings.HasPrefix(linked, path+"/") {
				t.Errorf("%s is linked: %s", linked, why)
			}
		}
		if strings.HasPrefix(linked, "github.com/twilio/twilio-go/rest/") && !slices.Contains(products, linked) {
			t.Errorf("%s is linked: a product of Twilio that is not called", linked)
		}
		if linked == "github.com/twilio/twilio-go" {
			t.Errorf("%s is linked: it links every product of Twilio", linked)
		}
	}
}

// Every command waits for what packages do before main. It is counted in bytes, which do not depend on the machine.
func TestTablesOfWordsAllocateLittleAtTheStart(t *testing.T) {
	const most = 256 << 10
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	line := regexp.MustCompile(`(?m)^init (github\.com/i-agent/\S+) .* (\d+) bytes`)
	found := line.FindAllStringSubmatch(string(out), -1)
	if len(found) == 0 {
		t.Fatalf("no package of ours is initialized:\n%s", out)
	}
	for _, match := range found {
		if n, err := strconv.Atoi(match[2]); err != nil || n > most {
			t.Errorf("%s allocates %s bytes before main, more than %d", match[1], match[2], most)
		}
	}
}
