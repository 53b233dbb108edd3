package app

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// An id that is forgotten while Twilio may still send its webhook would let it take effect twice.
func TestEventIDsOutliveTheLongestCall(t *testing.T) {
	for _, c := range []struct {
		retention Retention
		variable  string // that is at fault, "" for none
		words     string
	}{
		{Retention{}, "", ""},
		{Retention{Payloads: "1h", IDs: "168h"}, "", ""},
		{Retention{Payloads: "1h", IDs: "167h"}, "DEDUP_RETENTION", "must be at least 168h: Twilio may send callbacks"},
		{Retention{Payloads: "200h", IDs: "168h"}, "RETENTION", "must not be longer than DEDUP_RETENTION"},
		{Retention{Payloads: "0s"}, "RETENTION", "must be a duration such as 168h"},
		{Retention{Audit: "a year"}, "AUDIT_RETENTION", "must be a duration such as 8760h"},
	} {
		_, err := c.retention.CheckedPeriods()
		var config *ConfigError
		switch {
		case c.variable == "" && err != nil:
			t.Errorf("%+v: %v", c.retention, err)
		case c.variable != "" && (!errors.As(err, &config) || !strings.HasPrefix(config.Faults[0], c.variable+": "+c.words)):
			t.Errorf("%+v: %v", c.retention, err)
		}
	}
	if p, err := (Retention{}).CheckedPeriods(); err != nil || p.Payloads != 168*time.Hour || p.IDs != 2160*time.Hour {
		t.Errorf("the defaults are %+v, %v", p, err)
	}
}
