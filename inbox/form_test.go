package inbox

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
)

// FuzzFormIsReadOtherwiseThanByTheStandardLibrary compares with net/url, the reference.
func FuzzFormIsReadOtherwiseThanByTheStandardLibrary(f *testing.F) {
	for _, seed := range []string{"", "a=1", "a=1&a=2&b", "a=1&&=x&=", "a=%", "a;b=1", "a=1;2", "%41=+%2B", "a=b=c", strings.Repeat("a=1&b=2&", 80)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, encoded string) {
		got, err := parseForm(encoded)
		want, wantErr := url.ParseQuery(encoded)
		if (err != nil) != (wantErr != nil) {
			t.Fatalf("%q: error %v, want %v", encoded, err, wantErr)
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", encoded, got, want)
		}
	})
}

// The values share one array; what is appended to one name must not show under the next.
func TestRepeatedNameOverwritesItsNeighbour(t *testing.T) {
	form, err := parseForm("a=1&b=2&a=3&c=4")
	if want := (url.Values{"a": {"1", "3"}, "b": {"2"}, "c": {"4"}}); err != nil || !reflect.DeepEqual(form, want) {
		t.Errorf("%v, %v", form, err)
	}
}
