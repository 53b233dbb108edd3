package console_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/store"
)

func TestContactsAreImportedAsThePreviewSays(t *testing.T) {
	o := open(t, tokensOf(t))
	campaign, _ := o.contacted()
	o.signIn(adminToken)
	page := "/console/campaigns/" + campaign + "/import"
	if body := o.get(page); !strings.Contains(body, `action="`+page+`/contacts"`) {
		t.Fatalf("no form:\n%s", body)
	}
	list := "phoneNumber,externalId,timeZone,var.product\n+12127360001,c-1,UTC,\"oats, rolled\"\n+12127360002,c-2,Mars/Olympus,x\nnobody,c-3,,\n+12127360001,c-4,UTC,\n+15551230001,c-5,UTC,\n"
	preview := o.upload(page+"/contacts", list, nil)
	for _, want := range []string{"Add 1 contact<", "Mars/Olympus", "ZONE_UNKNOWN", "INVALID_NUMBER", "DUPLICATE", "CONTACT_EXISTS", "is on line 2, too", "the number stands above in the list"} {
		if !strings.Contains(preview, want) {
			t.Errorf("no %q:\n%s", want, preview)
		}
	}
	count := func() int {
		contacts, err := o.store.Contacts(t.Context(), store.ContactFilter{CampaignID: campaign}, store.Page{Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		return len(contacts.Items)
	}
	if n := count(); n != 3 {
		t.Fatalf("%d contacts after the preview", n)
	}
	listed := func(body string) string {
		_, rest, _ := strings.Cut(body, `<textarea name="list" hidden>`)
		text, _, _ := strings.Cut(rest, "</textarea>")
		return strings.ReplaceAll(text, "&#34;", `"`)
	}
	key := fields(t, preview, page+"/contacts/add").Get("import")
	form := url.Values{"import": {key}, "list": {strings.ReplaceAll(listed(preview), "\n", "\r\n")}}.Encode()
	for range 2 {
		if _, body := o.do("POST", page+"/contacts/add", form); !strings.Contains(body, "<b>1</b> contacts were added") {
			t.Errorf("%s", body)
		}
	}
	if n := count(); n != 4 {
		t.Errorf("%d contacts after the import, sent twice", n)
	}
	_, refused := o.do("POST", page+"/contacts/refused", url.Values{"list": {list}}.Encode())
	for _, want := range []string{"phoneNumber,externalId,timeZone,language,consentBasis,consentAt,var.product,line,reason,detail", "nobody,c-3,,,,,,4,INVALID_NUMBER,"} {
		if !strings.Contains(refused, want) {
			t.Errorf("no %q in the file:\n%s", want, refused)
		}
	}
	if body := o.upload(page+"/contacts", `{"contacts":[{"phoneNumber":"+12127360009","timeZone":"UTC"}]}`, nil); !strings.Contains(body, "Add 1 contact<") {
		t.Errorf("JSON:\n%s", body)
	}
	if body := o.upload(page+"/contacts", "name,phone\nx,y\n", nil); !strings.Contains(body, "The list was not taken: ") {
		t.Errorf("%s", body)
	}
}
