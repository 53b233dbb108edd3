package test_test

import (
	"testing"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
)

func TestMain(m *testing.M) { e2etest.Main(m) }
