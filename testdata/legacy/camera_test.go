package legacy_test

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestCameraShowsANewFrameEachPeriod(t *testing.T) {
	clock := newHandClock()
	camera := legacy.NewCamera(legacy.Options{Clock: clock.Now, Every: legacy.Pace{Min: 250 * time.Millisecond}})
	origin := serve(t, camera)
	pictures := make(map[string]bool)
	for n := range 10 {
		reply := origin.get("/camera.jpg")
		size, err := jpeg.DecodeConfig(strings.NewReader(reply.body))
		if err != nil || size.Width != 320 || size.Height != 240 || reply.Header.Get("Content-Type") != "image/jpeg" {
			t.Fatalf("%v %v %v", size, err, reply.Header)
		}
		if reply.Header.Get("X-Frame") != fmt.Sprint(n+1) {
			t.Errorf("frame %s, want %d", reply.Header.Get("X-Frame"), n+1)
		}
		if again := origin.get("/camera.jpg"); again.body != reply.body {
			t.Error("one frame has two pictures")
		}
		pictures[reply.body] = true
		clock.Advance(250 * time.Millisecond)
	}
	if len(pictures) != 10 {
		t.Errorf("%d different pictures", len(pictures))
	}
}

func TestCameraHasAStrongETag(t *testing.T) {
	camera := legacy.NewCamera(legacy.Options{Every: legacy.Never()})
	origin := serve(t, camera)
	tag := origin.get("/").Header.Get("ETag")
	if !strings.HasPrefix(tag, `"`) {
		t.Fatalf("ETag: %s", tag)
	}
	wantStatus(t, origin.get("/", "If-None-Match: "+tag), http.StatusNotModified)
	before := camera.Frame()
	after := camera.Shoot()
	if after.Number != before.Number+1 || bytes.Equal(after.JPEG, before.JPEG) {
		t.Errorf("shot %d after %d", after.Number, before.Number)
	}
	wantStatus(t, origin.get("/", "If-None-Match: "+tag), http.StatusOK)
}

func TestCameraDrawsAReadableNumber(t *testing.T) {
	camera := legacy.NewCamera(legacy.Options{Clock: newHandClock().Now})
	picture, err := jpeg.Decode(bytes.NewReader(camera.Frame().JPEG))
	if err != nil {
		t.Fatal(err)
	}
	var one strings.Builder // the last of "#000001", dots of 8 pixels from (12, 12)
	for row := range 5 {
		for column := range 3 {
			red, green, blue, _ := picture.At(12+6*32+column*8+4, 12+row*8+4).RGBA()
			one.WriteByte(" #"[min(1, 3*0x5000/(red+green+blue+1))])
		}
		one.WriteByte('\n')
	}
	if want := " # \n## \n # \n # \n###\n"; one.String() != want {
		t.Errorf("drawn:\n%s", one.String())
	}
}
