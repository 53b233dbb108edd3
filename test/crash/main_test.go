package crash_test

import (
	"testing"

	"github.com/i-agent/iagent/test/program"
)

func TestMain(m *testing.M) { program.Main(m) }
