package console_test

import (
	"os"
	"testing"

	"github.com/i-agent/iagent/internal/browsertest"
)

// browser is the browser of this package's tests.
var browser browsertest.Shared

func TestMain(m *testing.M) {
	code := m.Run()
	browser.Close()
	os.Exit(code)
}
