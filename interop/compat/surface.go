package compat

import (
	"fmt"
	"go/token"
	"go/types"
)

// A surface is what a package exports: a name, such as "DataChannel",
// "DataChannel.Send" or "DataChannelInit.Ordered", and what it is, in a form
// that is the same for the same thing in either library.
type surface map[string]string

// surfaceOf reads the exported API of a package.
func surfaceOf(p *types.Package) surface {
	s := surface{}
	for _, name := range p.Scope().Names() {
		if !token.IsExported(name) {
			continue
		}
		switch o := p.Scope().Lookup(name).(type) {
		case *types.Const:
			s[name] = fmt.Sprintf("const %s = %s", canonical(o.Type()), o.Val().ExactString())
		case *types.Var:
			s[name] = "var " + canonical(o.Type())
		case *types.Func:
			s[name] = "func" + signature(o.Signature())
		case *types.TypeName:
			s.addType(name, o.Type())
		}
	}
	return s
}

// addType adds a type with its methods and fields. An alias is what it stands
// for: a program cannot tell the difference.
func (s surface) addType(name string, t types.Type) {
	t = types.Unalias(t)
	under := t.Underlying()
	params := ""
	if named, ok := t.(*types.Named); ok {
		params = typeParams(named.TypeParams())
	}
	switch u := under.(type) {
	case *types.Struct:
		s[name] = "type" + params + " struct"
		s.addFields(name, u)
	case *types.Interface:
		// A program can implement it, so that it is the same only as a whole;
		// most call it, so that its methods count by themselves, too.
		s[name] = "type" + params + " " + canonical(u)
		for m := range u.Methods() {
			if m.Exported() {
				s[name+"."+m.Name()] = "func () " + signature(m.Signature())
			}
		}
		return
	default:
		s[name] = "type" + params + " " + canonical(u)
	}
	values := types.NewMethodSet(t)
	methods := types.NewMethodSet(types.NewPointer(t))
	for i := range methods.Len() {
		m := methods.At(i).Obj().(*types.Func)
		if !m.Exported() {
			continue
		}
		receiver := "func (*) "
		if values.Lookup(m.Pkg(), m.Name()) != nil {
			receiver = "func () "
		}
		s[name+"."+m.Name()] = receiver + signature(m.Signature())
	}
}

func (s surface) addFields(name string, u *types.Struct) {
	for i := range u.NumFields() {
		f := u.Field(i)
		if !f.Exported() {
			continue
		}
		kind := "field "
		if f.Embedded() {
			kind = "embedded "
		}
		s[name+"."+f.Name()] = kind + canonical(f.Type()) + tag(u.Tag(i))
	}
}

func tag(t string) string {
	if t == "" {
		return ""
	}
	return " `" + t + "`"
}
