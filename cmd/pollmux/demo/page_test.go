package demo

import (
	"fmt"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestThePageAndAllItsPartsAreServedThroughTheProxy(t *testing.T) {
	r := newRig(t, 1)
	resp, page := r.do(http.MethodGet, "/", "")
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Via") == "" || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("%s %v", resp.Status, resp.Header)
	}
	if strings.Contains(page, "http://") || strings.Contains(page, "https://") {
		t.Error("the page names another server")
	}
	files, err := fs.ReadDir(pageFiles, "page")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		if f.Name() == "index.html" {
			continue
		}
		resp, _ := r.do(http.MethodGet, "/"+f.Name(), "")
		if resp.StatusCode != http.StatusOK || resp.Header.Get("X-Content-Type-Options") != "nosniff" || resp.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %s %v", f.Name(), resp.Status, resp.Header)
		}
	}
	if resp, _ := r.do(http.MethodGet, "/no-such-file", ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("what is not there: %s", resp.Status)
	}
}

func TestTheDashboardIsAtTheAdminAddress(t *testing.T) {
	r := newRig(t, 1)
	resp, err := r.http.Get(r.AdminURL() + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("%s", resp.Status)
	}
}

func TestTheConfigurationCanBeRead(t *testing.T) {
	r := newRig(t, 1)
	if _, text := r.do(http.MethodGet, "/demo/config.yaml", ""); text != string(configYAML) {
		t.Errorf("got %.100s", text)
	}
}

func TestTheTelemetryIsPushedOverAWebSocket(t *testing.T) {
	r := newRig(t, 2)
	socket := r.dial("/demo/telemetry")
	var last int64
	for range 3 {
		message, err := socket.Read()
		if err != nil {
			t.Fatal(err)
		}
		var told Telemetry
		r.decode(string(message), &told)
		if told.Now <= last || len(told.Lanes) != 5 || told.Clients != 2 || told.Run != r.run || told.Admin != r.AdminURL() {
			t.Errorf("after %d: %s", last, message)
		}
		last = told.Now
	}
	if pass := r.route("telemetry").ClientRequests.Pass; pass != 0 {
		t.Errorf("%d requests for the telemetry were passed on", pass)
	}
}

func TestTheHistoryGoesBackFurtherThanTheTelemetry(t *testing.T) {
	r := newRig(t, 1)
	await.Until(t, "something was heard and is old by now", func() bool {
		var told, past Telemetry
		r.get("/demo/telemetry", &told)
		r.get("/demo/history", &past)
		return len(told.Lanes[4].Hearings) < len(past.Lanes[4].Hearings)
	})
}

func TestAMessageSentOverAWebSocketAppearsToAPollingClient(t *testing.T) {
	r := newRig(t, 1)
	socket := r.dial(legacy.RoomPath)
	if _, err := socket.Read(); err != nil { // the room as it is
		t.Fatal(err)
	}
	said := fmt.Sprintf("<b>hello</b> \"%s\"", strings.Repeat("long ", 50))
	text := fmt.Appendf(nil, `{"from":"ana","text":%q}`, said)
	if err := socket.Write(text); err != nil {
		t.Fatal(err)
	}
	await.Until(t, "a poller sees the message", func() bool {
		var room legacy.RoomMessages
		r.get(legacy.RoomPath, &room)
		for _, m := range room.Messages {
			if m.From == "ana" && m.Text == said {
				return true
			}
		}
		return false
	})
	for {
		message, err := socket.Read()
		if err != nil {
			t.Fatalf("the WebSocket never sees it: %v", err)
		}
		if strings.Contains(string(message), `"from":"ana"`) {
			break
		}
	}
	if writes := r.origin.site.Room.Writes(); len(writes) != 1 {
		t.Errorf("the origin got %d writes", len(writes))
	}
}

func TestAMessageThatIsPostedAppearsOnAWebSocket(t *testing.T) {
	r := newRig(t, 1)
	socket := r.dial(legacy.RoomPath)
	if resp, text := r.do(http.MethodPost, legacy.RoomPath, `{"from":"bo","text":"from an old client"}`, "Content-Type", "application/json"); resp.StatusCode != http.StatusCreated {
		t.Fatalf("%s %s", resp.Status, text)
	}
	for {
		message, err := socket.Read()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(message), "from an old client") {
			return
		}
	}
}

func TestTwoUsersOfOneURLSeeTheirOwnFriends(t *testing.T) {
	r := newRig(t, 1)
	for range 5 {
		for _, user := range []string{"alice", "bob"} {
			var list legacy.FriendList
			r.get(legacy.FriendsPath, &list, "Authorization", "Bearer "+user)
			if list.User != user || len(list.Friends) != 8 {
				t.Fatalf("%s got %+v", user, list)
			}
		}
	}
	if feeds := r.route("friends").Feeds; feeds != 2 {
		t.Errorf("%d feeds", feeds)
	}
}

func TestTheCameraIsAPictureThatNeverEnds(t *testing.T) {
	r := newRig(t, 1)
	resp, err := r.http.Get(r.PageURL() + legacy.CameraPath + "?transport=multipart&_=1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	kind, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/x-mixed-replace" {
		t.Fatalf("%s %v", resp.Header.Get("Content-Type"), err)
	}
	parts := multipart.NewReader(resp.Body, params["boundary"])
	for range 3 {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		if got := part.Header.Get("Content-Type"); got != "image/jpeg" {
			t.Errorf("a part is %s", got)
		}
	}
}
