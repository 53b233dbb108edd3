package main

import (
	"path/filepath"
	"testing"

	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/testdb"
)

// A script must be able to tell a setting that it has to change from a database that is away for the moment.
func TestWrongSettingExitsWithTwoAndUnreachableDatabaseWithOne(t *testing.T) {
	sqlite := "sqlite:" + filepath.Join(t.TempDir(), "db")
	complete := map[string]string{"TWILIO_AUTH_TOKEN": "0123456789abcdef0123456789abcdef", "APP_URL": "http://127.0.0.1:1", "DATABASE_URL": sqlite}
	shared := testdb.PgBouncer(t, testdb.Postgres(t), "transaction")
	migrated := testdb.PgBouncer(t, storetest.Postgres(t), "transaction")
	for name, test := range map[string]struct {
		command []string
		set     map[string]string
		want    int
	}{
		"missing":              {[]string{"serve"}, map[string]string{"TWILIO_AUTH_TOKEN": ""}, exitConfig},
		"wrong":                {[]string{"serve"}, map[string]string{"PORT": "x"}, exitConfig},
		"unreadable Redis URL": {[]string{"serve"}, map[string]string{"REDIS_URL": "redis://%zz"}, exitConfig},
		"protocol of OTLP": {[]string{"serve"},
			map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, exitConfig},
		"database of another kind":     {[]string{"migrate", "status"}, map[string]string{"DATABASE_URL": "mysql://h/d"}, exitConfig},
		"time that cannot be read":     {[]string{"reconcile", "--since", "yesterday"}, nil, exitConfig},
		"unreachable when it serves":   {[]string{"serve"}, map[string]string{"DATABASE_URL": "postgres://nobody@127.0.0.1:1/x"}, exitFault},
		"unreachable when it migrates": {[]string{"migrate", "up"}, map[string]string{"DATABASE_URL": "postgres://nobody@127.0.0.1:1/x"}, exitFault},
		"behind a pooler, it serves":   {[]string{"serve"}, map[string]string{"DATABASE_URL": shared}, exitConfig},
		"behind a pooler, migrated":    {[]string{"serve"}, map[string]string{"DATABASE_URL": migrated, "PORT": "0"}, exitConfig},
		"behind a pooler, it migrates": {[]string{"migrate", "up"}, map[string]string{"DATABASE_URL": shared}, exitConfig},
		"examined, a setting is wrong": {[]string{"doctor", "--only", "configuration"}, map[string]string{"PORT": "x"}, exitConfig},
		"examined, no such check":      {[]string{"doctor", "--only", "weather"}, nil, exitConfig},
		"examined, something fails":    {[]string{"doctor", "--json", "--only", "database.open"}, map[string]string{"DATABASE_URL": "postgres://nobody@127.0.0.1:1/x"}, exitFault},
		"examined, nothing fails":      {[]string{"doctor", "--only", "configuration"}, nil, 0},
		"verified that is not there":   {[]string{"verify"}, map[string]string{"DATABASE_URL": "postgres://nobody@127.0.0.1:1/x"}, exitConfig},
	} {
		t.Run(name, func(t *testing.T) {
			for _, settings := range []map[string]string{complete, test.set} {
				for variable, value := range settings {
					t.Setenv(variable, value)
				}
			}
			if got := run(test.command); got != test.want {
				t.Errorf("exit code %d, want %d", got, test.want)
			}
		})
	}
}
