package dtlstransport

import (
	"bytes"
	"encoding/gob"
	"reflect"
	"testing"
)

// serialized is shaped as the engine's own structure is.
type serialized struct {
	RemoteSequenceNumber      uint64
	LocalRandom, RemoteRandom [32]byte
	MasterSecret              []byte
	SequenceNumber            uint64
	PeerCertificates          [][]byte
	IsClient                  bool
}

func encodeState(t testing.TB, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestStatesAreDecodedOneAfterAnother(t *testing.T) {
	var d stateDecoder
	for i := range 20 {
		v := serialized{SequenceNumber: uint64(i) * 1000, IsClient: i%2 == 0, MasterSecret: bytes.Repeat([]byte{byte(i)}, 48)}
		v.LocalRandom[i], v.RemoteRandom[31-i] = 200, 100
		var raw []byte
		switch i % 5 {
		case 3:
			// Types that were not seen before: nothing of the last state stays.
			raw = encodeState(t, struct {
				SequenceNumber uint64
				MasterSecret   []byte
			}{v.SequenceNumber, v.MasterSecret})
			v.LocalRandom, v.RemoteRandom, v.IsClient = [32]byte{}, [32]byte{}, false
		case 4:
			if _, err := d.decode(encodeState(t, v)[:60+i]); err == nil {
				t.Error("a part of a state was taken")
			}
			fallthrough
		default:
			raw = encodeState(t, v)
		}
		got, err := d.decode(raw)
		want := engineState{v.LocalRandom, v.RemoteRandom, v.MasterSecret, v.SequenceNumber, v.IsClient}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("number %d: %+v, %v, want %+v", i, got, err, want)
		}
	}
}
