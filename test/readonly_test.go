package test_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/test/program"
)

// TestReadOnlyPostgresIsSurvivedWithoutARestart leaves the program with sessions that can only read, as a failover that
// keeps its sockets does. Webhooks are answered 500, so that Twilio sends them again, and the program says that it is not
// ready; once new sessions can write it goes on by itself, its functions too.
func TestReadOnlyPostgresIsSurvivedWithoutARestart(t *testing.T) {
	t.Parallel()
	url := testdb.Postgres(t)
	server := program.NewTwilio(t).Serve(t, program.Complete(url))
	var lines []line
	for _, call := range server.Place(t, numbers(6)...) {
		lines = append(lines, dialled(t, server, "/api/webhooks/twilio/", call))
	}

	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["default_transaction_read_only"] = "off"
	admin, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close(t.Context()) }()
	do := func(statement string) {
		t.Helper()
		if _, err := admin.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	do(`ALTER DATABASE ` + config.Database + ` SET default_transaction_read_only = on`)
	do(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	for _, l := range lines {
		l.want(l.completed(), 500, `{"error":"Internal server error"}`)
	}
	ready := func() int {
		response, err := http.Get(server.URL() + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	if got := ready(); got != http.StatusServiceUnavailable {
		t.Errorf("/readyz is %d while nothing can be written", got)
	}

	do(`ALTER DATABASE ` + config.Database + ` RESET default_transaction_read_only`)
	program.Eventually(t, time.Minute, func() error {
		if got := ready(); got != http.StatusOK {
			return fmt.Errorf("/readyz is %d", got)
		}
		return nil
	})
	for _, l := range lines {
		l.want(l.completed(), 200, success)
		l.Status("COMPLETED")
	}
	nothingHalfWritten(t, url)
	dialled(t, server, "/api/webhooks/twilio/", server.Place(t, "+15550009999")[0])
}
