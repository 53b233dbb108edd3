package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/test/measure"
)

// figures are what one import took: MB before it and at most, bytes of the answer or the report.
type figures struct {
	what       string
	time, cpu  time.Duration
	idle, peak int
	answer     int64
}

// report is what both the API and the command say.
type report struct {
	Contacts int
	Counts   struct{ Rows int }
	Rows     []json.RawMessage
	Refused  []json.RawMessage `json:"refusedRows"`
	Error    string
}

const adminToken = "imports-admin-token"

// environment is all that the program knows: nothing of ours, and a Twilio that nobody can reach.
func environment(databaseURL, port string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "TMPDIR=" + os.TempDir(), "TZ=UTC",
		"DATABASE_URL=" + databaseURL, "HOST=127.0.0.1", "PORT=" + port, "APP_URL=https://calls.example.com",
		"TWILIO_AUTH_TOKEN=0123456789abcdef0123456789abcdef", "TWILIO_ACCOUNT_SID=ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"TWILIO_PHONE_NUMBER=+15005550006", "TWILIO_API_URL=http://127.0.0.1:9", "OPENAI_API_KEY=none", "OPENAI_BASE_URL=http://127.0.0.1:9/v1",
		"ADMIN_TOKEN=" + adminToken, "LOG_LEVEL=warn",
	}
}

// importList has a list imported into a campaign of a new database: as a dry run, then so that it counts, then once more.
func importList(ctx context.Context, way, binary, databaseURL string, l measure.ContactList) ([]figures, error) {
	server, err := serve(ctx, binary, databaseURL)
	if err != nil {
		return nil, err
	}
	campaign, err := server.CreateCampaign(ctx, "", json.RawMessage(`{"name": "Shelves", "status": "ACTIVE", "region": "US", "promptTemplate": "- What does {{product}} cost at {{shop}}?",
		"identity": {"organisation": "Shelf Research", "callbackNumber": "+15550009999", "purpose": "the prices on the shelf"}, "callingHours": [{"days": "mon-sun", "from": "00:00", "to": "24:00"}]}`))
	server.Kill()
	if err != nil {
		return nil, err
	}
	var done []figures
	for _, step := range []struct {
		what     string
		dryRun   bool
		contacts int
	}{{"dry run", true, l.Contacts}, {"import", false, l.Contacts}, {"again", false, 0}} {
		took := byAPI
		if way == "command" {
			took = byCommand
		}
		f, r, err := took(ctx, binary, databaseURL, campaign, l, step.dryRun)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", step.what, err)
		}
		if r.Error != "" || r.Contacts != step.contacts || r.Counts.Rows != l.Rows || len(r.Refused) != l.Rows-step.contacts || step.dryRun && way == "api" && len(r.Rows) != l.Rows {
			return nil, fmt.Errorf("%s: %d contacts, %d refused and %d other rows of %d, %q; %d should be contacts", step.what, r.Contacts, len(r.Refused), len(r.Rows), r.Counts.Rows, r.Error, step.contacts)
		}
		f.what = step.what
		done = append(done, f)
	}
	return done, nil
}

// server is iagent serve, and its API.
type server struct {
	*e2e.Process
	*e2e.Client
}

func serve(ctx context.Context, binary, databaseURL string) (*server, error) {
	address, err := e2e.FreeAddress()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	process := &e2e.Process{Command: []string{binary, "serve"}, Env: environment(databaseURL, port), Address: address}
	if err := process.Start(ctx); err != nil {
		process.Kill()
		return nil, err
	}
	return &server{process, &e2e.Client{URL: process.URL, Token: adminToken}}, nil
}

// byAPI has a new server import the list.
func byAPI(ctx context.Context, binary, databaseURL, campaign string, l measure.ContactList, dryRun bool) (f figures, r report, err error) {
	server, err := serve(ctx, binary, databaseURL)
	if err != nil {
		return f, r, err
	}
	defer server.Kill()
	file, err := os.Open(l.File)
	if err != nil {
		return f, r, err
	}
	defer func() { _ = file.Close() }()
	if f.idle, err = measure.Memory(server.PID(), "VmRSS"); err != nil {
		return f, r, err
	}
	before, err := measure.Processor(server.PID())
	if err != nil {
		return f, r, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("%s/api/campaigns/%s/contacts?dryRun=%t", server.Process.URL(), campaign, dryRun), file)
	if err != nil {
		return f, r, err
	}
	request.Header.Set("Authorization", "Bearer "+adminToken)
	request.Header.Set("Content-Type", l.Media)
	request.Header.Set("Idempotency-Key", rand.Text()) // the answer is kept, which takes more
	began := time.Now()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return f, r, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return f, r, err
	}
	f.time, f.answer = time.Since(began), int64(len(answer))
	if f.cpu, err = measure.Processor(server.PID()); err != nil {
		return f, r, err
	}
	f.cpu -= before
	if f.peak, err = measure.Memory(server.PID(), "VmHWM"); err != nil {
		return f, r, err
	}
	if response.StatusCode/100 != 2 {
		return f, r, fmt.Errorf("%s: %.1000s", response.Status, answer)
	}
	return f, r, json.Unmarshal(answer, &r)
}

// byCommand has `iagent import` import the list.
func byCommand(ctx context.Context, binary, databaseURL, campaign string, l measure.ContactList, dryRun bool) (f figures, r report, err error) {
	refused := l.File + ".refused"
	cmd := exec.CommandContext(ctx, binary, "import", l.File, "--campaign", campaign, "--json", "--refused", refused)
	if dryRun {
		cmd.Args = append(cmd.Args, "--dry-run")
	}
	defer func() { _ = os.Remove(refused) }()
	cmd.Env = environment(databaseURL, "0")
	out, used, err := measure.Command(cmd)
	f.time, f.cpu, f.peak, f.answer = used.Time, used.CPU, used.Peak, int64(len(out))
	if err != nil && cmd.ProcessState.ExitCode() != 1 { // 1 says that rows were refused
		return f, r, err
	}
	return f, r, json.Unmarshal(out, &r)
}
