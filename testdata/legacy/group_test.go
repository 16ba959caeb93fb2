package legacy_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestGroupChatShowsTheLatestFiftyAsAState(t *testing.T) {
	room := legacy.NewGroupChat(legacy.Options{})
	origin := serve(t, room)
	if empty := origin.get("/messages"); empty.body != `{"messages":[],"next":0}` {
		t.Errorf("an empty room says %s", empty.body)
	}
	said := room.Speak(120)
	answer := decode[legacy.RoomMessages](t, origin.get("/messages"))
	if !slices.Equal(answer.Messages, said[70:]) || answer.Next != 120 {
		t.Errorf("%d messages, next %d", len(answer.Messages), answer.Next)
	}
}

func TestGroupChatLosesAndRepeatsNothingForAClientThatFollows(t *testing.T) {
	room := legacy.NewGroupChat(legacy.Options{Page: 7})
	origin := serve(t, room)
	var speakers sync.WaitGroup
	for n := range 4 {
		speakers.Go(func() {
			for i := range 25 {
				reply := origin.do("POST", "/messages", fmt.Sprintf(`{"from":"m%d","text":"%d"}`, n, i))
				if reply.StatusCode != http.StatusCreated {
					t.Errorf("%d %s", reply.StatusCode, reply.body)
				}
			}
		})
	}
	var heard []legacy.Message
	next := int64(0)
	for len(heard) < 100 && !t.Failed() {
		answer := decode[legacy.RoomMessages](t, origin.get(fmt.Sprintf("/messages?since=%d", next)))
		heard, next = append(heard, answer.Messages...), answer.Next
	}
	speakers.Wait()
	if !slices.Equal(heard, room.Messages()) {
		t.Errorf("heard %d messages, and not those that were said", len(heard))
	}
}

func TestGroupChatRefusesWhatNobodyCanSay(t *testing.T) {
	room := legacy.NewGroupChat(legacy.Options{})
	origin := serve(t, room)
	long := strings.Repeat("ü", legacy.MaxText)
	for body, status := range map[string]int{
		``:                                      400,
		`[]`:                                    400,
		`{"from":"ana","text":7}`:               400,
		`{"from":"ana","text":"hi"} and more`:   400,
		`{"from":"ana","text":"hi"}`:            201,
		`{"from":"ana","text":" "}`:             422,
		`{"from":"ana"}`:                        422,
		`{"text":"hi"}`:                         422,
		`{"from":"a/b","text":"hi"}`:            422,
		`{"from":"ana","text":"` + long + `"}`:  201,
		`{"from":"ana","text":"` + long + `!"}`: 422,
		`{"from":"ana","text":"` + strings.Repeat("x", legacy.MaxPost) + `"}`:    413,
		`{"from":"ana","text":"hi","x":"` + strings.Repeat("x", 9<<20>>5) + `"}`: 413,
	} {
		reply := origin.do("POST", "/messages", body)
		if reply.StatusCode != status || !strings.HasPrefix(reply.Header.Get("Content-Type"), "application/json") {
			t.Errorf("%.40s: %d %s, want %d", body, reply.StatusCode, reply.body, status)
		}
	}
	if said := room.Messages(); len(said) != 2 {
		t.Errorf("%d messages stored", len(said))
	}
	wantStatus(t, origin.get("/messages?since=yesterday"), http.StatusBadRequest)
	wantStatus(t, origin.do("DELETE", "/messages", ""), http.StatusMethodNotAllowed)
}

func TestGroupChatLocationLeadsToTheMessage(t *testing.T) {
	origin := serve(t, legacy.NewGroupChat(legacy.Options{}))
	sent := origin.do("POST", "/messages", `{"from":"ana","text":"hi"}`)
	place, err := sent.Location()
	if err != nil {
		t.Fatal(err)
	}
	if found := origin.get(place.Path); found.body != sent.body {
		t.Errorf("%s at %s, sent %s", found.body, place, sent.body)
	}
	wantStatus(t, origin.get("/messages/2"), http.StatusNotFound)
}

func TestGroupChatSpeaksInBurstsAtItsPace(t *testing.T) {
	clock := newHandClock()
	options := legacy.Options{Clock: clock.Now, Every: legacy.Pace{Min: 3 * time.Second}, Burst: 30, Members: 5}
	room, other := legacy.NewGroupChat(options), legacy.NewGroupChat(options)
	bursts, members := make(map[time.Time]int), make(map[string]bool)
	for range 300 {
		clock.Advance(time.Second)
		room.Messages()
	}
	for _, message := range room.Messages() {
		bursts[message.At.Time]++
		members[message.From] = true
	}
	if len(bursts) != 100 || len(members) != 5 {
		t.Errorf("%d bursts by %d members", len(bursts), len(members))
	}
	for at, size := range bursts {
		if size > 30 {
			t.Errorf("a burst of %d at %v", size, at)
		}
	}
	if !slices.Equal(room.Messages(), other.Messages()) {
		t.Error("a room that was asked at the end alone tells another story")
	}
}

func TestGroupChatIsSilentUnlessTold(t *testing.T) {
	clock := newHandClock()
	room := legacy.NewGroupChat(legacy.Options{Clock: clock.Now})
	clock.Advance(time.Hour)
	if said := room.Messages(); len(said) != 0 {
		t.Errorf("%d messages", len(said))
	}
}

func TestGroupChatForgetsTheOldest(t *testing.T) {
	room := legacy.NewGroupChat(legacy.Options{History: 100})
	origin := serve(t, room)
	room.Speak(1000)
	answer := decode[legacy.RoomMessages](t, origin.get("/messages?since=5"))
	if len(answer.Messages) != 100 || answer.Messages[0].ID != 901 || answer.Next != 1000 {
		t.Errorf("%d messages from %d, next %d", len(answer.Messages), answer.Messages[0].ID, answer.Next)
	}
	wantStatus(t, origin.get("/messages/900"), http.StatusNotFound)
}
