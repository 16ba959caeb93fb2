package trace

import (
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

const example = `{"name": "buses", "horizon": 60, "res": [{"w": 12, "t": [3.5, 3.5, 59], "instants": true}, {"w": 0.5, "t": []}, {"w": 1}]}`

// zipped is text in gzip.
func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestATraceIsReadPlainAndInGzip(t *testing.T) {
	for _, text := range []string{example, zipped(t, example), example + "\n \n"} {
		got, err := Read(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if got.Name != "buses" || got.Horizon != 60 || len(got.Resources) != 3 || got.Changes() != 3 {
			t.Errorf("%+v", got)
		}
		r := got.Resources[0]
		if r.Weight != 12 || !reflect.DeepEqual(r.Changes, changes{3.5, 3.5, 59}) || !r.Instants || got.Resources[2].Instants {
			t.Errorf("%+v", r)
		}
	}
}

func TestChangesAtTheHorizonAndABitBeyondAreLeftOut(t *testing.T) {
	got, err := Read(strings.NewReader(`{"horizon": 60, "res": [{"w": 1, "t": [59.9, 60, 61]}, {"w": 1, "t": [60.5]}]}`))
	if err != nil || len(got.Resources[0].Changes) != 1 || len(got.Resources[1].Changes) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestABadTraceIsRefusedWithWhatIsWrong(t *testing.T) {
	packed := zipped(t, example)
	resource := func(text string) string { return `{"horizon": 1000, "res": [{"w": 1}, ` + text + `]}` }
	for text, want := range map[string]string{
		"":                                "it ends in the middle",
		example[:40]:                      "it ends in the middle",
		example[:len(example)-1]:          "it ends in the middle",
		packed[:15]:                       "it ends in the middle",
		packed[:len(packed)-9]:            "it ends in the middle",
		packed[:len(packed)-4]:            "it ends in the middle",
		packed[:len(packed)-5] + "XXXXX":  "it is damaged: gzip: invalid checksum",
		"\x1f\x8b and no more of it":      "it is damaged: gzip: invalid header",
		example + "{}":                    "something follows the trace",
		example + "x":                     "something follows the trace",
		"[]":                              "[ where { should be",
		"seconds":                         "invalid character 's' looking for beginning of value",
		`{"res": {}}`:                     "{ where [ should be",
		`{"res": null}`:                   "<nil> where [ should be",
		`{"horizon": 1, "name": 1}`:       "json: cannot unmarshal number into Go value of type string",
		`{"horizon": 1, "horizon": 1}`:    "horizon is there twice",
		`{"horizon": 60, "resources": 1}`: `unknown field "resources": a trace has name, horizon and res`,
		`{"horizon": 60}`:                 "res is empty: there is nothing to poll",
		`{"horizon": 60, "res": []}`:      "res is empty: there is nothing to poll",
		`{"res": [{"w": 1}]}`:             "horizon 0: it is in seconds, more than 0 and at most 1e+09",
		`{"horizon": -1, "res": []}`:      "horizon -1: it is in seconds, more than 0 and at most 1e+09",
		`{"horizon": 2e9, "res": []}`:     "horizon 2e+09: it is in seconds, more than 0 and at most 1e+09",
		`{"name": "` + strings.Repeat("n", 201) + `"}`: "name: more than 200 bytes",

		resource(`{}`):                              "res[1]: w 0: a weight is more than 0 and at most 1e+12",
		resource(`{"w": -3}`):                       "res[1]: w -3: a weight is more than 0 and at most 1e+12",
		resource(`{"w": 1e13}`):                     "res[1]: w 1e+13: a weight is more than 0 and at most 1e+12",
		resource(`{"w": 1, "weight": 1}`):           `res[1]: json: unknown field "weight"`,
		resource(`{"w": 1, "t": 5}`):                "res[1]: t: json: cannot unmarshal number into Go value of type []float64",
		resource(`{"w": 1, "t": ["5"]}`):            "res[1]: t: json: cannot unmarshal string into Go value of type float64",
		resource(`{"w": 1, "t": [1e999]}`):          "res[1]: t: json: cannot unmarshal number 1e999 into Go value of type float64",
		resource(`{"w": 1, "t": [NaN]}`):            "res[1]: invalid character 'N' looking for beginning of value",
		resource(`{"w": 1, "t": [1, -1]}`):          "res[1]: t[1] is -1: instants are seconds from the beginning of the trace",
		resource(`{"w": 1, "t": [1, 3, 2]}`):        "res[1]: t[2] is 2, before t[1], 3: instants ascend",
		resource(`{"w": 1, "t": [999, 1011]}`):      "res[1]: t[1] is 1011, beyond the horizon of 1000",
		resource(`{"w": 1, "t": [0.001, 1500000]}`): "res[1]: t[1] is 1.5e+06, beyond the horizon of 1000",
	} {
		got, err := Read(strings.NewReader(text))
		if got != nil || err == nil || err.Error() != want {
			t.Errorf("%.80q: %v, not %q", text, err, want)
		}
	}
}

// What cannot be in JSON can be made up.
func TestATraceHasNoInstantThatIsNone(t *testing.T) {
	for _, r := range []Resource{{Weight: 1, Changes: changes{math.NaN()}}, {Weight: 1, Changes: changes{1, math.NaN()}}, {Weight: math.NaN()}, {Weight: math.Inf(1)}, {Weight: 1, Changes: changes{math.Inf(1)}}} {
		for _, horizon := range []float64{60, math.NaN(), math.Inf(1)} {
			if (&Trace{Horizon: horizon, Resources: []Resource{r}}).check() == nil {
				t.Errorf("%+v for %v", r, horizon)
			}
		}
	}
}

// endless repeats itself, behind a beginning.
type endless struct{ beginning, middle string }

func (e *endless) Read(p []byte) (int, error) {
	if e.beginning == "" {
		e.beginning = strings.Repeat(e.middle, 1+4096/len(e.middle))
	}
	n := copy(p, e.beginning)
	e.beginning = e.beginning[n:]
	return n, nil
}

func TestAnAbsurdFileIsRefusedRatherThanRead(t *testing.T) {
	few := bounds{text: 100_000, resources: 1000, changes: 10_000}
	for want, from := range map[string]io.Reader{
		"res: more than 1000 resources":          &endless{`{"horizon": 60, "res": [{"w": 1}`, `,{"w": 1}`},
		"res: more than 10000 changes":           &endless{`{"horizon": 60, "res": [{"w": 1}`, `,{"w": 1, "t": [` + strings.Repeat("0,", 999) + `0]}`},
		"more than 100000 bytes of text":         &endless{"{", " "},
		"res[0]: more than 100000 bytes of text": &endless{`{"horizon": 60, "res": [{"w": 1, "t": [0`, `,0`},
	} {
		if _, err := read(from, few); err == nil || err.Error() != want {
			t.Errorf("%v, not %q", err, want)
		}
	}
	var c changes
	long := []byte("[0" + strings.Repeat(",0", maxChanges) + "]")
	if err := c.UnmarshalJSON(long); err == nil || err.Error() != "t: more than 10000000 changes" || c != nil {
		t.Error(err)
	}
}

// Else white space that comes byte by byte would take the square of its length.
func TestAReadIsFilledWhoeverDribbles(t *testing.T) {
	b := &bounded{iotest.OneByteReader(strings.NewReader(strings.Repeat(" ", 1000))), 2000, 2000}
	if n, err := b.Read(make([]byte, 900)); n != 900 || err != nil {
		t.Error(n, err)
	}
	if n, err := b.Read(make([]byte, 900)); n != 100 || err != io.EOF {
		t.Error(n, err)
	}
}

func TestTheBusesOfAustinAreATrace(t *testing.T) {
	f, err := os.Open("../../../../shared/traces/austin-buses.json.gz")
	if err != nil {
		t.Skip("the real trace is not beside this repository: ", err)
	}
	defer f.Close()
	got, err := Read(f)
	if err != nil || len(got.Resources) != 158 || got.Changes() != 44_424 {
		t.Error(got.Changes(), err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte(zipped(f, example)))
	f.Add([]byte(`{"horizon": 60, "res": [{"w": 1e-300, "t": [null, 0.1e1]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		if err := read.check(); err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		if err := read.Write(&again); err != nil {
			t.Fatal(err)
		}
		if same, err := Read(&again); err != nil || same.Changes() != read.Changes() || same.Horizon != read.Horizon {
			t.Fatalf("%+v, %v: not %+v", same, err, read)
		}
	})
}
