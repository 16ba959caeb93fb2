package legacy_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

const alice, bob, carol = "Authorization: Bearer alice", "Cookie: sid=bob", "Authorization: Bearer carol"

func TestDirectChatDeliversToTheTwoAlone(t *testing.T) {
	chat := legacy.NewDirectChat(legacy.Options{})
	origin := serve(t, chat)
	sent := origin.do("POST", "/messages", `{"to":"bob","text":"hi"}`, alice)
	wantStatus(t, sent, http.StatusCreated)
	message := decode[legacy.Message](t, sent)
	if message.From != "alice" || message.To != "bob" || message.Text != "hi" || message.ID != 1 {
		t.Errorf("stored %+v", message)
	}
	heard := decode[legacy.DirectMessages](t, origin.get("/messages?with=alice&since=0", bob))
	if heard.User != "bob" || len(heard.Items) != 1 || heard.Items[0] != message || heard.Next != 1 {
		t.Errorf("bob hears %+v", heard)
	}
	for _, field := range []string{carol, "Cookie: sid=al"} {
		if overheard := decode[legacy.DirectMessages](t, origin.get("/messages?with=bob", field)); len(overheard.Items) != 0 {
			t.Errorf("%s hears %+v", field, overheard)
		}
	}
}

func TestDirectChatLocationLeadsToTheMessageForItsTwoPeople(t *testing.T) {
	origin := serve(t, http.StripPrefix("/api/chat", legacy.NewDirectChat(legacy.Options{})))
	sent := origin.do("POST", "/api/chat/messages", `{"to":"bob","text":"hi"}`, alice)
	place, err := sent.Location()
	if err != nil || place.Path != "/api/chat/messages/1" {
		t.Fatalf("Location %v %v", place, err)
	}
	for field, status := range map[string]int{alice: 200, bob: 200, carol: 404, "X-Nobody: 1": 401} {
		wantStatus(t, origin.get(place.Path, field), status)
	}
	wantStatus(t, origin.get("/api/chat/messages/zero", alice), http.StatusNotFound)
}

func TestDirectChatContinuesFromAPosition(t *testing.T) {
	chat := legacy.NewDirectChat(legacy.Options{Page: 10})
	origin := serve(t, chat)
	for n := range 25 {
		chat.Say("alice", "bob", fmt.Sprint(n))
		chat.Say("alice", "carol", "something else")
	}
	var texts []string
	next := int64(0)
	for {
		answer := decode[legacy.DirectMessages](t, origin.get(fmt.Sprintf("/messages?with=bob&since=%d", next), alice))
		if len(answer.Items) == 0 {
			if answer.Next != next {
				t.Errorf("without news, next went from %d to %d", next, answer.Next)
			}
			break
		}
		for _, item := range answer.Items {
			texts = append(texts, item.Text)
		}
		next = answer.Next
	}
	if got, want := strings.Join(texts, " "), "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestDirectChatWithoutAPositionGivesTheLatest(t *testing.T) {
	chat := legacy.NewDirectChat(legacy.Options{})
	origin := serve(t, chat)
	for n := range 60 {
		chat.Say("alice", "bob", fmt.Sprint(n))
	}
	answer := decode[legacy.DirectMessages](t, origin.get("/messages?with=bob", alice))
	if len(answer.Items) != 50 || answer.Items[0].Text != "10" || answer.Items[49].Text != "59" || answer.Next != 60 {
		t.Errorf("%d items, next %d: %+v", len(answer.Items), answer.Next, answer.Items)
	}
}

func TestDirectChatAnswersBadRequestsInJSON(t *testing.T) {
	chat := legacy.NewDirectChat(legacy.Options{})
	origin := serve(t, chat)
	for _, test := range []struct {
		method, path, body string
		field              string
		status             int
	}{
		{"GET", "/messages?with=bob", "", "X-Nobody: 1", 401},
		{"POST", "/messages", `{"to":"bob","text":"hi"}`, "X-Nobody: 1", 401},
		{"GET", "/messages", "", alice, 400},
		{"GET", "/messages?with=bob&since=x", "", alice, 400},
		{"GET", "/messages?with=bob&since=-1", "", alice, 400},
		{"POST", "/messages", `{`, alice, 400},
		{"POST", "/messages", `{"text":"hi"}`, alice, 422},
		{"POST", "/messages", `{"to":"bob"}`, alice, 422},
	} {
		reply := origin.do(test.method, test.path, test.body, test.field)
		wantStatus(t, reply, test.status)
		if reason := decode[map[string]string](t, reply)["error"]; reason == "" || reply.Header.Get("Cache-Control") != "private" {
			t.Errorf("%+v: %v %s", test, reply.Header, reply.body)
		}
	}
	if said := chat.Messages("alice", "bob"); len(said) != 0 {
		t.Errorf("stored %+v", said)
	}
}

func TestDirectChatLogsEveryWriteOnce(t *testing.T) {
	chat := legacy.NewDirectChat(legacy.Options{})
	origin := serve(t, chat)
	origin.do("POST", "/messages", `{"to":"bob","text":"one"}`, alice)
	origin.do("POST", "/messages", `{"to":"bob","text":""}`, alice)
	origin.get("/messages?with=bob", alice)
	writes := chat.Writes()
	if len(writes) != 2 || writes[0].Status != 201 || writes[1].Status != 422 || string(writes[0].Body) != `{"to":"bob","text":"one"}` {
		t.Errorf("%+v", writes)
	}
}
