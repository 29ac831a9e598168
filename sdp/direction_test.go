package sdp

import "testing"

var directions = []Direction{DirectionSendrecv, DirectionSendonly, DirectionRecvonly, DirectionInactive}

func TestDirectionNames(t *testing.T) {
	for _, d := range directions {
		if got, ok := ParseDirection(d.String()); got != d || !ok {
			t.Errorf("%v is read as %v, %v", d, got, ok)
		}
		if got := DirectionOf(d.Sends(), d.Receives()); got != d {
			t.Errorf("%v sends %v and receives %v, which makes %v", d, d.Sends(), d.Receives(), got)
		}
		if got := d.Reverse().Reverse(); got != d {
			t.Errorf("%v reversed twice is %v", d, got)
		}
	}
	for _, name := range []string{"", "unspecified", "SENDRECV", "both"} {
		if d, ok := ParseDirection(name); ok || d != DirectionUnspecified {
			t.Errorf("%q is read as %v", name, d)
		}
	}
	if got := DirectionUnspecified.Reverse(); got != DirectionUnspecified {
		t.Errorf("unspecified reversed is %v", got)
	}
}

// TestAnswerDirections walks RFC 3264 §6.1: what an answerer that would like
// to send and receive as in the row may answer to the offer in the column.
func TestAnswerDirections(t *testing.T) {
	const both, send, recv, none = DirectionSendrecv, DirectionSendonly, DirectionRecvonly, DirectionInactive
	want := [4][4]Direction{ // offered: sendrecv, sendonly, recvonly, inactive
		{both, recv, send, none}, // wants sendrecv
		{send, none, send, none}, // wants sendonly
		{recv, recv, none, none}, // wants recvonly
		{none, none, none, none}, // wants inactive
	}
	for i, wish := range directions {
		for j, offered := range directions {
			if got := wish.Intersect(offered.Reverse()); got != want[i][j] {
				t.Errorf("offered %v, wished %v: answered %v, want %v", offered, wish, got, want[i][j])
			}
		}
	}
	if got := DirectionUnspecified.Intersect(DirectionUnspecified); got != both {
		t.Errorf("unspecified counts as %v", got)
	}
}

func TestSetupNames(t *testing.T) {
	for value, want := range map[string]Setup{"active": SetupActive, "passive": SetupPassive, "actpass": SetupActpass, "holdconn": SetupHoldconn} {
		if got, ok := ParseSetup(value); got != want || !ok || got.String() != value {
			t.Errorf("%q is read as %v, %v", value, got, ok)
		}
	}
	for _, value := range []string{"", "unspecified", "ACTIVE", "active "} {
		if got, ok := ParseSetup(value); ok || got != SetupUnspecified {
			t.Errorf("%q is read as %v", value, got)
		}
	}
}
