package srtptransport

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

func TestWhatIsSealedOpens(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			x := newPair(t, p, Config{})
			for _, payload := range []string{"", "a", strings.Repeat("parley", 200)} {
				plain := rtpPacket(7, uint16(len(payload)), payload)
				protected, err := x.s.SealRTP(withRoom(plain))
				if err != nil {
					t.Fatal(err)
				}
				if len(protected) <= len(plain) || len(protected) > len(plain)+Overhead {
					t.Errorf("%d bytes became %d", len(plain), len(protected))
				}
				if payload != "" && len(payload) > 8 && bytes.Contains(protected, []byte(payload)) {
					t.Error("the payload is in the clear")
				}
				if got, err := x.o.OpenRTP(protected); err != nil || !bytes.Equal(got, plain) {
					t.Errorf("opened is %x, %v; want %x", got, err, plain)
				} else if &got[0] != &protected[0] {
					t.Error("the packet was not opened in place")
				}
			}
			plain := rtcpPacket(7, "four")
			protected, err := x.s.SealRTCP(withRoom(plain))
			if err != nil {
				t.Fatal(err)
			}
			if len(protected) > len(plain)+Overhead {
				t.Errorf("%d bytes became %d", len(plain), len(protected))
			}
			if got, err := x.o.OpenRTCP(protected); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("opened is %x, %v; want %x", got, err, plain)
			}
		})
	}
}

// RFC 5764 §4.2: each side's packets open with the other side's keys alone.
func TestDirectionsHaveKeysOfTheirOwn(t *testing.T) {
	for _, p := range profiles {
		s, own, err := New(p, material(t, p), true, Config{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		b, err := s.SealRTP(rtpPacket(1, 1, "payload"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := own.OpenRTP(b); err != ErrAuthentication {
			t.Errorf("%v: a sender opens its own packet: %v", p, err)
		}
	}
}

func TestBadKeysAreRefused(t *testing.T) {
	var unknown *rtcerr.NotSupportedError
	if _, err := KeyingMaterialLength(3); !errors.As(err, &unknown) {
		t.Errorf("the length of an unknown profile: %v", err)
	}
	if _, _, err := New(0x1234, nil, true, Config{}); !errors.As(err, &unknown) || !strings.Contains(err.Error(), "0x1234") {
		t.Errorf("an unknown profile: %v", err)
	}
	var operation *rtcerr.OperationError
	for _, p := range profiles {
		m := material(t, p)
		for _, bad := range [][]byte{nil, m[:len(m)-1], append(m, 0)} {
			if _, _, err := New(p, bad, true, Config{}); !errors.As(err, &operation) {
				t.Errorf("%v with %d bytes: %v", p, len(bad), err)
			}
		}
	}
}

func TestSealNeedsRoomAndAPacket(t *testing.T) {
	x := newPair(t, AEADAES128GCM, Config{})
	full := rtpPacket(1, 1, "payload")
	full = full[: len(full) : len(full)+Overhead-1]
	if _, err := x.s.SealRTP(full); err != ErrNoRoom {
		t.Errorf("without room: %v", err)
	}
	fullRTCP := rtcpPacket(1, "data")
	fullRTCP = fullRTCP[: len(fullRTCP) : len(fullRTCP)+Overhead-1]
	if _, err := x.s.SealRTCP(fullRTCP); err != ErrNoRoom {
		t.Errorf("without room: %v", err)
	}
	for name, b := range map[string][]byte{
		"nothing":           nil,
		"half a header":     make([]byte, 11),
		"version 0":         make([]byte, 40),
		"sources that lack": append([]byte{0x8F, 96}, make([]byte, 20)...),
		"no room for X":     append([]byte{0x90, 96}, make([]byte, 10)...),
		"extension that lacks": append(append([]byte{0x90, 96}, make([]byte, 10)...),
			0xBE, 0xDE, 0, 9, 0, 0),
	} {
		if _, err := x.s.SealRTP(withRoom(b)); err != ErrMalformed {
			t.Errorf("sealing %s: %v", name, err)
		}
		if _, err := x.o.OpenRTP(withRoom(b)); err != ErrMalformed {
			t.Errorf("opening %s: %v", name, err)
		}
	}
	for _, b := range [][]byte{nil, make([]byte, 7), make([]byte, 60)} {
		if _, err := x.s.SealRTCP(withRoom(b)); err != ErrMalformed {
			t.Errorf("sealing %x: %v", b, err)
		}
		if _, err := x.o.OpenRTCP(withRoom(b)); err != ErrMalformed {
			t.Errorf("opening %x: %v", b, err)
		}
	}
	// The sequence number that had no room is still free.
	x.wantRTP(x.sealed(1, 1), nil, "the packet that had no room")
	if n := x.o.Counters().Malformed; n != 9 {
		t.Errorf("%d packets were counted as malformed", n)
	}
}
