package contactimport_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"testing"

	"github.com/i-agent/iagent/internal/contactimport"
)

func TestCompressedListIsTheArrayThatJSONMakes(t *testing.T) {
	for _, n := range []int{0, 1, 3} {
		want := []contactimport.Result{}
		var list contactimport.CompressedList
		for i := range n {
			r := contactimport.Result{Line: i, Action: contactimport.ActionRefuse, Value: "<b>\"ä\u2028\n", Detail: "is no number"}
			want = append(want, r)
			if err := list.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		var text bytes.Buffer
		for range 2 { // it may be written more than once
			text.Reset()
			if _, err := list.WriteTo(&text); err != nil {
				t.Fatal(err)
			}
		}
		got := []contactimport.Result{}
		if err := json.Unmarshal(text.Bytes(), &got); err != nil || !reflect.DeepEqual(got, want) || list.Len() != n {
			t.Errorf("%d: %q, %d elements of %d bytes, %v", n, text.String(), list.Len(), text.Len(), err)
		}
	}
	var list contactimport.CompressedList
	if err := list.Add(func() {}); err == nil {
		t.Error("what JSON cannot say was taken")
	}
}

// All of them may be refused, or asked for by a dry run; the rest of an import is some rows at a time. test/imports measures a whole process.
func TestWhatIsSaidOf100000RowsIsKeptInAFewMegabytes(t *testing.T) {
	var list contactimport.CompressedList
	for i := range 100_000 {
		number := fmt.Sprintf("+1212%07d", i)
		err := list.Add(contactimport.Result{Line: i + 2, Action: contactimport.ActionRefuse, Reason: contactimport.ReasonContactExists, Field: "phoneNumber", Value: number,
			Detail: "is a contact of the campaign already", PhoneNumber: number, ExternalID: fmt.Sprint("customer-", i)})
		if err != nil {
			t.Fatal(err)
		}
	}
	whole, err := list.WriteTo(io.Discard)
	if kept := list.Kept(); err != nil || kept > 4<<20 || whole < 10<<20 {
		t.Errorf("%d bytes are kept of %d, %v", kept, whole, err)
	}
}
