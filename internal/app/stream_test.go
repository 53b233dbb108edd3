package app

import (
	"bufio"
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/store/storetest"
)

// A page that is open must hold up no stop: its stream would not end by itself.
func TestOpenPagesDoNotHoldUpTheStop(t *testing.T) {
	listener, url := listen(t)
	var log bytes.Buffer
	c := complete()
	c.DatabaseURL, c.AdminToken = storetest.SQLite(t), adminToken
	_, stop := run(t, c, Options{Listener: listener, Log: slog.New(slog.NewTextHandler(&log, nil)), StopWithin: time.Minute})
	r, err := http.NewRequestWithContext(t.Context(), "GET", url+"/console/live?list=calls&after=&made=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("admin", adminToken)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	stream := bufio.NewScanner(response.Body)
	for stream.Scan() && !strings.HasPrefix(stream.Text(), "data: ") {
	}
	if stream.Text() != `data: {"new":0,"more":false}` {
		t.Fatalf("%s %q", response.Status, stream.Text())
	}
	stop()
	if strings.Contains(log.String(), "did not end in time") {
		t.Errorf("the stream held up the stop:\n%s", &log)
	}
}
