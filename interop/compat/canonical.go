package compat

import (
	"fmt"
	"go/types"
	"strings"
)

// rooms gives the packages of both libraries the names under which they are
// compared. What is in none of them is named by its path: the engines, such as
// pion/dtls, are the same for both.
var rooms = map[string]string{
	"github.com/pion/webrtc/v4":                   "webrtc",
	"github.com/pion/webrtc/v4/pkg/rtcerr":        "rtcerr",
	"github.com/pion/ice/v4":                      "ice",
	"github.com/pion/datachannel":                 "datachannel",
	"github.com/parleyrtc/webrtc":                 "webrtc",
	"github.com/parleyrtc/webrtc/pkg/rtcerr":      "rtcerr",
	"github.com/parleyrtc/webrtc/internal/rtcerr": "rtcerr",
	"github.com/parleyrtc/webrtc/ice":             "ice",
	"github.com/parleyrtc/webrtc/datachannel":     "datachannel",
}

// mediaRoom gives the packages for media files their common names, and any other
// its path.
func mediaRoom(path string) string {
	for _, library := range []string{"github.com/pion/webrtc/v4/pkg/", "github.com/parleyrtc/webrtc/pkg/"} {
		if room, ok := strings.CutPrefix(path, library); ok {
			return room
		}
	}
	return path
}

// canonical writes a type without the names of parameters and with the packages
// of both libraries under common names.
func canonical(t types.Type) string {
	switch t := t.(type) {
	case *types.Alias:
		return canonical(types.Unalias(t))
	case *types.Named:
		return named(t)
	case *types.Pointer:
		return "*" + canonical(t.Elem())
	case *types.Slice:
		return "[]" + canonical(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), canonical(t.Elem()))
	case *types.Map:
		return "map[" + canonical(t.Key()) + "]" + canonical(t.Elem())
	case *types.Chan:
		return [...]string{types.SendRecv: "chan ", types.SendOnly: "chan<- ", types.RecvOnly: "<-chan "}[t.Dir()] + canonical(t.Elem())
	case *types.Signature:
		return "func" + signature(t)
	case *types.Interface:
		return interfaceText(t)
	case *types.Struct:
		return structText(t)
	default: // basic types, type parameters
		return t.String()
	}
}

func named(t *types.Named) string {
	name := t.Obj().Name()
	if p := t.Obj().Pkg(); p != nil {
		room, ok := rooms[p.Path()]
		if !ok {
			room = mediaRoom(p.Path())
		}
		name = room + "." + name
	}
	if args := t.TypeArgs(); args.Len() > 0 {
		var list []string
		for a := range args.Types() {
			list = append(list, canonical(a))
		}
		name += "[" + strings.Join(list, ", ") + "]"
	}
	return name
}

func signature(t *types.Signature) string {
	out := typeParams(t.TypeParams()) + "(" + tuple(t.Params(), t.Variadic()) + ")"
	switch t.Results().Len() {
	case 0:
		return out
	case 1:
		return out + " " + tuple(t.Results(), false)
	default:
		return out + " (" + tuple(t.Results(), false) + ")"
	}
}

func tuple(t *types.Tuple, variadic bool) string {
	var list []string
	for i := range t.Len() {
		text := canonical(t.At(i).Type())
		if variadic && i == t.Len()-1 {
			text = "..." + strings.TrimPrefix(text, "[]")
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

func typeParams(params *types.TypeParamList) string {
	if params.Len() == 0 {
		return ""
	}
	var list []string
	for p := range params.TypeParams() {
		list = append(list, p.String()+" "+canonical(p.Constraint()))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

func interfaceText(t *types.Interface) string {
	if t.Empty() {
		return "any"
	}
	if !t.IsMethodSet() {
		return t.String()
	}
	var list []string
	for m := range t.Methods() {
		list = append(list, m.Name()+signature(m.Signature()))
	}
	return "interface{ " + strings.Join(list, "; ") + " }"
}

func structText(t *types.Struct) string {
	var list []string
	for i := range t.NumFields() {
		f := t.Field(i)
		list = append(list, f.Name()+" "+canonical(f.Type())+tag(t.Tag(i)))
	}
	return "struct{ " + strings.Join(list, "; ") + " }"
}
