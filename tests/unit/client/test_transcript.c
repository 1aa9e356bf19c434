/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A context from beginning to end, with complete answers: nothing else is known of it. */
#include "holder/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../holder_world.h"

#define MORE(method, parameters) \
	"{\"method\":\"org.ioasidctl.Context." method \
	"\",\"more\":true,\"parameters\":" parameters "}"

#define NEWS \
	"\"shared\":false,\"busy\":null,\"features\":[\"cancel\",\"progress\",\"busy\",\"shared\",\"memory\",\"monitor\",\"file\"],"

static const struct {
	const char *call, *answer;
} script[] = {
	{ "{\"method\":\"org.varlink.service.GetInfo\"}",
	  "{\"parameters\":{\"vendor\":\"ioasidctl\",\"product\":\"ioasidctl context\","
	  "\"version\":\"" IOASIDCTL_VERSION "\",\"url\":\"\",\"interfaces\":["
	  "\"org.varlink.service\",\"org.ioasidctl.Context\"]}}" },
	/* A context with one device and one IOAS, nothing attached */
	{ CALL("Describe", "{}"),
	  "{\"parameters\":{\"name\":\"test\",\"pid\":77,\"uid\":42,\"created\":1,\"iommufd\":true," NEWS
	  "\"device\":[{\"device\":\"a\",\"path\":\"/sys/devices/a\",\"cdev\":\"vfio0\",\"group\":1,\"id\":1,"
	  "\"pasid_width\":20,\"attached\":null,\"pasid_count\":0}],\"ioas\":[{\"id\":2,\"name\":\"guest\","
	  "\"mapped\":0,\"mapping_count\":0,\"user_count\":0}],\"hwpt\":[]}}" },
	{ MORE("ListBindings", "{}"), "{\"parameters\":{\"binding\":[]}}" },
	{ CALL("ShowIoas", "{\"ioas\":{\"name\":\"guest\"}}"),
	  "{\"parameters\":{\"ioas\":{\"id\":2,\"name\":\"guest\",\"alignment\":4096,"
	  "\"range\":[{\"first\":\"0x0\",\"last\":\"0xfff\"},{\"first\":\"0x10000\",\"last\":\"0x10fff\"},"
	  "{\"first\":\"0x20000\",\"last\":\"0x20fff\"},{\"first\":\"0x30000\",\"last\":\"0x30fff\"},"
	  "{\"first\":\"0x40000\",\"last\":\"0x40fff\"},{\"first\":\"0x50000\",\"last\":\"0x50fff\"},"
	  "{\"first\":\"0x60000\",\"last\":\"0x60fff\"},{\"first\":\"0x70000\",\"last\":\"0x70fff\"},"
	  "{\"first\":\"0x80000\",\"last\":\"0x80fff\"},{\"first\":\"0x90000\",\"last\":\"0x90fff\"},"
	  "{\"first\":\"0xa0000\",\"last\":\"0xa0fff\"},{\"first\":\"0xb0000\",\"last\":\"0xb0fff\"},"
	  "{\"first\":\"0xc0000\",\"last\":\"0xc0fff\"},{\"first\":\"0xd0000\",\"last\":\"0xd0fff\"},"
	  "{\"first\":\"0xe0000\",\"last\":\"0xe0fff\"},{\"first\":\"0xf0000\",\"last\":\"0xf0fff\"},"
	  "{\"first\":\"0x100000\",\"last\":\"0x100fff\"},{\"first\":\"0x110000\",\"last\":\"0x110fff\"},"
	  "{\"first\":\"0x120000\",\"last\":\"0x120fff\"},{\"first\":\"0x130000\",\"last\":\"0x130fff\"}],"
	  "\"mapping\":[]}}}" },
	{ CALL("ShowIoas", "{\"ioas\":{\"id\":2}}"),
	  "{\"parameters\":{\"ioas\":{\"id\":2,\"name\":\"guest\",\"alignment\":4096,"
	  "\"range\":[{\"first\":\"0x0\",\"last\":\"0xfff\"},{\"first\":\"0x10000\",\"last\":\"0x10fff\"},"
	  "{\"first\":\"0x20000\",\"last\":\"0x20fff\"},{\"first\":\"0x30000\",\"last\":\"0x30fff\"},"
	  "{\"first\":\"0x40000\",\"last\":\"0x40fff\"},{\"first\":\"0x50000\",\"last\":\"0x50fff\"},"
	  "{\"first\":\"0x60000\",\"last\":\"0x60fff\"},{\"first\":\"0x70000\",\"last\":\"0x70fff\"},"
	  "{\"first\":\"0x80000\",\"last\":\"0x80fff\"},{\"first\":\"0x90000\",\"last\":\"0x90fff\"},"
	  "{\"first\":\"0xa0000\",\"last\":\"0xa0fff\"},{\"first\":\"0xb0000\",\"last\":\"0xb0fff\"},"
	  "{\"first\":\"0xc0000\",\"last\":\"0xc0fff\"},{\"first\":\"0xd0000\",\"last\":\"0xd0fff\"},"
	  "{\"first\":\"0xe0000\",\"last\":\"0xe0fff\"},{\"first\":\"0xf0000\",\"last\":\"0xf0fff\"},"
	  "{\"first\":\"0x100000\",\"last\":\"0x100fff\"},{\"first\":\"0x110000\",\"last\":\"0x110fff\"},"
	  "{\"first\":\"0x120000\",\"last\":\"0x120fff\"},{\"first\":\"0x130000\",\"last\":\"0x130fff\"}],"
	  "\"mapping\":[]}}}" },
	{ CALL("ShowIoas", "{\"ioas\":{\"id\":3}}"),
	  "{\"error\":\"org.ioasidctl.Context.UnknownObject\",\"parameters\":{\"kind\":\"ioas\",\"object\":{\"id\":3,\"name\":null}}}" },
	{ CALL("ShowIoas", "{\"ioas\":{\"name\":\"nope\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.UnknownObject\",\"parameters\":{\"kind\":\"ioas\",\"object\":{\"id\":null,\"name\":\"nope\"}}}" },
	/* Names and numbers */
	{ CALL("AllocIoas", "{\"name\":\"other\"}"),
	  "{\"parameters\":{\"ioas\":{\"id\":3,\"name\":\"other\"}}}" },
	{ CALL("AllocIoas", "{\"name\":\"other\"}"),
	  "{\"error\":\"org.ioasidctl.Context.NameInUse\",\"parameters\":{\"name\":\"other\"}}" },
	{ CALL("AllocIoas", "{\"name\":\"9x\"}"),
	  "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"name\"}}" },
	{ CALL("AllocIoas", "{}"), "{\"parameters\":{\"ioas\":{\"id\":4,\"name\":null}}}" },
	{ CALL("FreeIoas", "{\"ioas\":{\"id\":4}}"), "{\"parameters\":{}}" },
	{ CALL("FreeIoas", "{\"ioas\":{\"id\":4}}"),
	  "{\"error\":\"org.ioasidctl.Context.UnknownObject\",\"parameters\":{\"kind\":\"ioas\",\"object\":{\"id\":4,\"name\":null}}}" },
	{ CALL("AllocHwpt",
	       "{\"device\":{\"name\":\"a\"},\"ioas\":{\"name\":\"other\"},\"name\":\"plain\"}"),
	  "{\"parameters\":{\"hwpt\":{\"id\":4,\"name\":\"plain\"}}}" },
	{ CALL("AllocHwpt",
	       "{\"device\":{\"name\":\"a\"},\"ioas\":{\"name\":\"other\"},\"name\":\"guest\"}"),
	  "{\"error\":\"org.ioasidctl.Context.NameInUse\",\"parameters\":{\"name\":\"guest\"}}" },
	{ CALL("AllocHwpt", "{\"device\":{\"name\":\"b\"},\"ioas\":{\"name\":\"other\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.UnknownObject\",\"parameters\":{\"kind\":\"device\",\"object\":{\"id\":null,\"name\":\"b\"}}}" },
	{ CALL("AllocHwpt", "{\"device\":{\"name\":\"a\"},\"ioas\":{\"name\":\"nope\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.UnknownObject\",\"parameters\":{\"kind\":\"ioas\",\"object\":{\"id\":null,\"name\":\"nope\"}}}" },
	{ CALL("AllocHwpt",
	       "{\"device\":{\"name\":\"a\"},\"ioas\":{\"name\":\"other\"},\"pasid\":true}"),
	  "{\"parameters\":{\"hwpt\":{\"id\":5,\"name\":null}}}" },
	{ CALL("FreeHwpt", "{\"hwpt\":{\"name\":\"nope\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.UnknownObject\",\"parameters\":{\"kind\":\"hwpt\",\"object\":{\"id\":null,\"name\":\"nope\"}}}" },
	{ CALL("FreeHwpt", "{\"hwpt\":{\"id\":5}}"), "{\"parameters\":{}}" },
	{ CALL("FreeHwpt", "{\"hwpt\":{\"id\":5}}"),
	  "{\"error\":\"org.ioasidctl.Context.UnknownObject\",\"parameters\":{\"kind\":\"hwpt\",\"object\":{\"id\":5,\"name\":null}}}" },
	/* Mappings */
	{ CALL("MapIoas", "{\"ioas\":{\"name\":\"guest\"},\"size\":8192,\"iova\":\"0x10000\"}"),
	  "{\"parameters\":{\"iova\":\"0x10000\"}}" },
	{ CALL("MapIoas",
	       "{\"ioas\":{\"name\":\"guest\"},\"size\":4096,\"iova\":\"0x20000\",\"write\":false}"),
	  "{\"parameters\":{\"iova\":\"0x20000\"}}" },
	{ CALL("MapIoas", "{\"ioas\":{\"name\":\"guest\"},\"size\":4096,\"read\":false}"),
	  "{\"parameters\":{\"iova\":\"0x103000\"}}" },
	{ CALL("MapIoas",
	       "{\"ioas\":{\"name\":\"guest\"},\"size\":4096,\"read\":false,\"write\":false}"),
	  "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"read\"}}" },
	{ CALL("MapIoas", "{\"ioas\":{\"name\":\"guest\"},\"size\":0}"),
	  "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"size\"}}" },
	{ CALL("MapIoas", "{\"ioas\":{\"name\":\"guest\"},\"size\":4095}"),
	  "{\"error\":\"org.ioasidctl.Context.NotAligned\",\"parameters\":{\"parameter\":\"size\","
	  "\"value\":\"0xfff\",\"alignment\":4096}}" },
	{ CALL("MapIoas", "{\"ioas\":{\"name\":\"guest\"},\"size\":4096,\"iova\":\"0x10001\"}"),
	  "{\"error\":\"org.ioasidctl.Context.NotAligned\",\"parameters\":{\"parameter\":\"iova\","
	  "\"value\":\"0x10001\",\"alignment\":4096}}" },
	{ CALL("MapIoas",
	       "{\"ioas\":{\"name\":\"guest\"},\"size\":8192,\"iova\":\"0xfffffffffffff000\"}"),
	  "{\"error\":\"org.ioasidctl.Context.KernelError\","
	  "\"parameters\":{\"operation\":\"IOMMU_IOAS_MAP\",\"errno\":75,\"errno_name\":\"EOVERFLOW\"}}" },
	{ CALL("MapIoas", "{\"ioas\":{\"name\":\"nope\"},\"size\":4096}"),
	  "{\"error\":\"org.ioasidctl.Context.UnknownObject\",\"parameters\":{\"kind\":\"ioas\",\"object\":{\"id\":null,\"name\":\"nope\"}}}" },
	{ CALL("ShowIoas", "{\"ioas\":{\"name\":\"guest\"}}"),
	  "{\"parameters\":{\"ioas\":{\"id\":2,\"name\":\"guest\",\"alignment\":4096,"
	  "\"range\":[{\"first\":\"0x0\",\"last\":\"0xfff\"},{\"first\":\"0x10000\",\"last\":\"0x10fff\"},"
	  "{\"first\":\"0x20000\",\"last\":\"0x20fff\"},{\"first\":\"0x30000\",\"last\":\"0x30fff\"},"
	  "{\"first\":\"0x40000\",\"last\":\"0x40fff\"},{\"first\":\"0x50000\",\"last\":\"0x50fff\"},"
	  "{\"first\":\"0x60000\",\"last\":\"0x60fff\"},{\"first\":\"0x70000\",\"last\":\"0x70fff\"},"
	  "{\"first\":\"0x80000\",\"last\":\"0x80fff\"},{\"first\":\"0x90000\",\"last\":\"0x90fff\"},"
	  "{\"first\":\"0xa0000\",\"last\":\"0xa0fff\"},{\"first\":\"0xb0000\",\"last\":\"0xb0fff\"},"
	  "{\"first\":\"0xc0000\",\"last\":\"0xc0fff\"},{\"first\":\"0xd0000\",\"last\":\"0xd0fff\"},"
	  "{\"first\":\"0xe0000\",\"last\":\"0xe0fff\"},{\"first\":\"0xf0000\",\"last\":\"0xf0fff\"},"
	  "{\"first\":\"0x100000\",\"last\":\"0x100fff\"},{\"first\":\"0x110000\",\"last\":\"0x110fff\"},"
	  "{\"first\":\"0x120000\",\"last\":\"0x120fff\"},{\"first\":\"0x130000\",\"last\":\"0x130fff\"}],"
	  "\"mapping\":[{\"iova\":\"0x10000\",\"length\":8192,\"read\":true,\"write\":true,"
	  "\"kind\":\"memfd\"},{\"iova\":\"0x20000\",\"length\":4096,\"read\":true,\"write\":false,"
	  "\"kind\":\"memfd\"},{\"iova\":\"0x103000\",\"length\":4096,\"read\":false,\"write\":true,"
	  "\"kind\":\"memfd\"}]}}}" },
	{ CALL("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"},\"iova\":\"0x11000\"}"),
	  "{\"error\":\"org.ioasidctl.Context.NotMapped\",\"parameters\":{\"ioas\":{\"id\":2,\"name\":\"guest\"},\"iova\":\"0x11000\"}}" },
	{ CALL("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"},\"iova\":\"0x30000\"}"),
	  "{\"error\":\"org.ioasidctl.Context.NotMapped\",\"parameters\":{\"ioas\":{\"id\":2,\"name\":\"guest\"},\"iova\":\"0x30000\"}}" },
	{ CALL("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"},\"iova\":\"0x10000\",\"length\":4096}"),
	  "{\"error\":\"org.ioasidctl.Context.PartOfMapping\",\"parameters\":{\"ioas\":{\"id\":2,\"name\":\"guest\"},\"iova\":\"0x10000\"}}" },
	{ CALL("UnmapIoas",
	       "{\"ioas\":{\"name\":\"guest\"},\"iova\":\"0x10000\",\"length\":65536}"),
	  "{\"parameters\":{\"length\":8192}}" },
	{ CALL("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"},\"iova\":\"0x10000\",\"length\":0}"),
	  "{\"error\":\"org.ioasidctl.Context.NotMapped\",\"parameters\":{\"ioas\":{\"id\":2,\"name\":\"guest\"},\"iova\":\"0x10000\"}}" },
	{ CALL("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"},\"iova\":\"0x20000\"}"),
	  "{\"parameters\":{\"length\":4096}}" },
	{ CALL("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"},\"all\":true,\"iova\":\"0x0\"}"),
	  "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"iova\"}}" },
	{ CALL("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"},\"all\":true,\"length\":4096}"),
	  "{\"error\":\"org.varlink.service.InvalidParameter\","
	  "\"parameters\":{\"parameter\":\"length\"}}" },
	{ CALL("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"}}"),
	  "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"iova\"}}" },
	{ CALL("UnmapIoas", "{\"ioas\":{\"name\":\"nope\"},\"all\":true}"),
	  "{\"error\":\"org.ioasidctl.Context.UnknownObject\",\"parameters\":{\"kind\":\"ioas\",\"object\":{\"id\":null,\"name\":\"nope\"}}}" },
	{ CALL("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"},\"all\":true}"),
	  "{\"parameters\":{\"length\":4096}}" },
	/* The device's own requests */
	{ CALL("DetachDevice", "{\"device\":{\"name\":\"a\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.NotAttached\",\"parameters\":{\"device\":\"a\"}}" },
	{ CALL("AttachDevice", "{\"device\":{\"name\":\"b\"},\"target\":{\"name\":\"guest\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.UnknownObject\",\"parameters\":{\"kind\":\"device\",\"object\":{\"id\":null,\"name\":\"b\"}}}" },
	{ CALL("AttachDevice", "{\"device\":{\"name\":\"a\"},\"target\":{\"name\":\"nope\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.UnknownObject\",\"parameters\":{\"kind\":\"target\",\"object\":{\"id\":null,\"name\":\"nope\"}}}" },
	{ CALL("AttachDevice", "{\"device\":{\"name\":\"a\"},\"target\":{\"name\":\"plain\"}}"),
	  "{\"parameters\":{}}" },
	{ CALL("AttachDevice", "{\"device\":{\"name\":\"a\"},\"target\":{\"name\":\"guest\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.AlreadyAttached\",\"parameters\":{\"device\":\"a\","
	  "\"target\":{\"ioas\":{\"id\":3,\"name\":\"other\"},\"hwpt\":{\"id\":4,\"name\":\"plain\"}}}}" },
	{ CALL("AttachDevice",
	       "{\"device\":{\"name\":\"a\"},\"target\":{\"name\":\"guest\"},\"replace\":true}"),
	  "{\"parameters\":{}}" },
	{ CALL("AttachDevice", "{\"device\":{\"name\":\"a\"},\"target\":{\"name\":\"guest\"}}"),
	  "{\"parameters\":{}}" },
	{ CALL("Describe", "{}"),
	  "{\"parameters\":{\"name\":\"test\",\"pid\":77,\"uid\":42,\"created\":1,\"iommufd\":true," NEWS
	  "\"device\":[{\"device\":\"a\",\"path\":\"/sys/devices/a\",\"cdev\":\"vfio0\",\"group\":1,"
	  "\"id\":1,\"pasid_width\":20,\"attached\":{\"ioas\":{\"id\":2,\"name\":\"guest\"},"
	  "\"hwpt\":{\"id\":5,\"name\":null}},\"pasid_count\":0}],\"ioas\":[{\"id\":2,"
	  "\"name\":\"guest\",\"mapped\":0,\"mapping_count\":0,\"user_count\":1},{\"id\":3,"
	  "\"name\":\"other\",\"mapped\":0,\"mapping_count\":0,\"user_count\":1}],\"hwpt\":[{\"id\":4,"
	  "\"name\":\"plain\",\"ioas\":{\"id\":3,\"name\":\"other\"},\"device\":\"a\",\"pasid\":false,"
	  "\"automatic\":false,\"user_count\":0},{\"id\":5,\"name\":null,\"ioas\":{\"id\":2,"
	  "\"name\":\"guest\"},\"device\":\"a\",\"pasid\":true,\"automatic\":true,\"user_count\":1}]}}" },
	/* PASIDs */
	{ CALL("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(7, 7) "," RANGE(
				     100, 102) "],\"target\":{\"name\":\"guest\"}}"),
	  "{\"parameters\":{\"pasid\":[" RANGE(7, 7) "," RANGE(
		  100,
		  102) "],\"count\":4,\"target\":" TARGET(2, "guest",
							  5) ",\"failure\":null,"
							     "\"taken\":[],\"reserved\":null}}" },
	{ CALL("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
				     101, 101) "],\"target\":{\"name\":\"other\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.PasidInUse\",\"parameters\":{\"device\":\"a\","
	  "\"pasid\":101,\"target\":{\"ioas\":{\"id\":2,\"name\":\"guest\"},\"hwpt\":{\"id\":5,"
	  "\"name\":null}}}}" },
	{ CALL("BindPasids",
	       "{\"device\":{\"name\":\"a\"},\"count\":2,\"target\":{\"name\":\"other\"}}"),
	  "{\"parameters\":{\"pasid\":[" RANGE(
		  1,
		  2) "],\"count\":2,\"target\":{\"ioas\":{\"id\":3,"
		     "\"name\":\"other\"},\"hwpt\":{\"id\":6,\"name\":null}},\"failure\":null,\"taken\":[],"
		     "\"reserved\":null}}" },
	{ CALL("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
				     0, 0) "],\"target\":{\"name\":\"guest\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.PasidZero\",\"parameters\":{\"device\":\"a\",\"pasid\":0,"
	  "\"pasid_width\":20}}" },
	{ CALL("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
				     1048576, 1048576) "],\"target\":{\"name\":\"guest\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.PasidTooWide\",\"parameters\":{\"device\":\"a\","
	  "\"pasid\":1048576,\"pasid_width\":20}}" },
	{ CALL("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
				     9, 9) "],\"target\":{\"name\":\"plain\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.HwptNotForPasids\",\"parameters\":{\"hwpt\":{\"id\":4,"
	  "\"name\":\"plain\"},\"device\":\"a\"}}" },
	{ CALL("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
				     9, 9) "],\"target\":{\"name\":\"nope\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.UnknownObject\",\"parameters\":{\"kind\":\"target\",\"object\":{\"id\":null,\"name\":\"nope\"}}}" },
	{ CALL("BindPasids", "{\"device\":{\"name\":\"b\"},\"pasid\":[" RANGE(
				     9, 9) "],\"target\":{\"name\":\"guest\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.UnknownObject\",\"parameters\":{\"kind\":\"device\",\"object\":{\"id\":null,\"name\":\"b\"}}}" },
	{ CALL("BindPasids",
	       "{\"device\":{\"name\":\"a\"},\"count\":1048575,\"target\":{\"name\":\"guest\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.PasidsExhausted\",\"parameters\":{\"count\":1048575,"
	  "\"found\":1048569}}" },
	{ CALL("BindPasids",
	       "{\"device\":{\"name\":\"a\"},\"count\":1048576,\"target\":{\"name\":\"guest\"}}"),
	  "{\"error\":\"org.varlink.service.InvalidParameter\","
	  "\"parameters\":{\"parameter\":\"count\"}}" },
	{ CALL("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
				     6, 8) "],\"target\":{\"name\":\"guest\"},\"partial\":true}"),
	  "{\"parameters\":{\"pasid\":[" RANGE(6, 6) "," RANGE(
		  8,
		  8) "],\"count\":2,"
		     "\"target\":" TARGET(
			     2, "guest",
			     5) ","
				"\"failure\":{\"error\":\"org.ioasidctl.Context.PasidInUse\","
				"\"parameters\":{\"device\":\"a\",\"pasid\":7,\"target\":{\"ioas\":{\"id\":2,"
				"\"name\":\"guest\"},\"hwpt\":{\"id\":5,\"name\":null}}}},\"taken\":[" RANGE(
					7, 7) "],"
					      "\"reserved\":null}}" },
	{ CALL("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
				     4190, 4210) "],\"target\":{\"name\":\"guest\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.KernelError\","
	  "\"parameters\":{\"operation\":\"VFIO_DEVICE_ATTACH_IOMMUFD_PT\",\"errno\":22,"
	  "\"errno_name\":\"EINVAL\",\"pasid\":4200}}" },
	{ CALL("BindPasids",
	       "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
		       4190, 4210) "],\"target\":{\"name\":\"guest\"},\"partial\":true}"),
	  "{\"parameters\":{\"pasid\":[" RANGE(4190, 4199) "],\"count\":10,\"target\":" TARGET(
		  2, "guest",
		  5) ","
		     "\"failure\":{\"error\":\"org.ioasidctl.Context.KernelError\","
		     "\"parameters\":{\"operation\":\"VFIO_DEVICE_ATTACH_IOMMUFD_PT\",\"errno\":22,"
		     "\"errno_name\":\"EINVAL\",\"pasid\":4200}},"
		     "\"taken\":[],\"reserved\":null}}" },
	{ MORE("ListBindings", "{}"),
	  "{\"parameters\":{\"binding\":[{\"device\":\"a\",\"lo\":1,\"hi\":2,"
	  "\"target\":" TARGET(
		  3, "other",
		  6) "},"
		     "{\"device\":\"a\",\"lo\":6,\"hi\":8,\"target\":{\"ioas\":{\"id\":2,\"name\":\"guest\"},"
		     "\"hwpt\":{\"id\":5,\"name\":null}}},{\"device\":\"a\",\"lo\":100,\"hi\":102,"
		     "\"target\":" TARGET(
			     2, "guest",
			     5) "},"
				"{\"device\":\"a\",\"lo\":4190,\"hi\":4199,\"target\":{\"ioas\":{\"id\":2,"
				"\"name\":\"guest\"},\"hwpt\":{\"id\":5,\"name\":null}}}]}}" },
	{ MORE("ListBindings", "{\"device\":{\"name\":\"a\"}}"),
	  "{\"parameters\":{\"binding\":[{\"device\":\"a\",\"lo\":1,\"hi\":2,"
	  "\"target\":" TARGET(
		  3, "other",
		  6) "},"
		     "{\"device\":\"a\",\"lo\":6,\"hi\":8,\"target\":{\"ioas\":{\"id\":2,\"name\":\"guest\"},"
		     "\"hwpt\":{\"id\":5,\"name\":null}}},{\"device\":\"a\",\"lo\":100,\"hi\":102,"
		     "\"target\":" TARGET(
			     2, "guest",
			     5) "},"
				"{\"device\":\"a\",\"lo\":4190,\"hi\":4199,\"target\":{\"ioas\":{\"id\":2,"
				"\"name\":\"guest\"},\"hwpt\":{\"id\":5,\"name\":null}}}]}}" },
	{ MORE("ListBindings", "{\"device\":{\"name\":\"b\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.UnknownObject\",\"parameters\":{\"kind\":\"device\",\"object\":{\"id\":null,\"name\":\"b\"}}}" },
	{ CALL("UnbindPasids",
	       "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(6, 6) "," RANGE(9, 9) "]}"),
	  "{\"error\":\"org.ioasidctl.Context.PasidNotBound\",\"parameters\":{\"device\":\"a\","
	  "\"pasid\":9,\"pasid_width\":20}}" },
	{ CALL("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(0, 0) "]}"),
	  "{\"error\":\"org.ioasidctl.Context.PasidZero\",\"parameters\":{\"device\":\"a\",\"pasid\":0,"
	  "\"pasid_width\":20}}" },
	{ CALL("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":\"x\"}"),
	  "{\"error\":\"org.varlink.service.InvalidParameter\","
	  "\"parameters\":{\"parameter\":\"pasid\"}}" },
	{ CALL("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(101, 101) "," RANGE(
				       4190, 4199) "]}"),
	  "{\"parameters\":{\"count\":11}}" },
	{ CALL("UnbindPasids", "{\"device\":{\"name\":\"b\"},\"pasid\":[" RANGE(1, 1) "]}"),
	  "{\"error\":\"org.ioasidctl.Context.UnknownObject\",\"parameters\":{\"kind\":\"device\",\"object\":{\"id\":null,\"name\":\"b\"}}}" },
	{ CALL("AttachDevice",
	       "{\"device\":{\"name\":\"a\"},\"target\":{\"name\":\"plain\"},\"replace\":true}"),
	  "{\"error\":\"org.ioasidctl.Context.HwptNotForPasids\",\"parameters\":{\"hwpt\":{\"id\":4,"
	  "\"name\":\"plain\"},\"device\":\"a\"}}" },
	{ CALL("Describe", "{}"),
	  "{\"parameters\":{\"name\":\"test\",\"pid\":77,\"uid\":42,\"created\":1,\"iommufd\":true," NEWS
	  "\"device\":[{\"device\":\"a\",\"path\":\"/sys/devices/a\",\"cdev\":\"vfio0\",\"group\":1,"
	  "\"id\":1,\"pasid_width\":20,\"attached\":{\"ioas\":{\"id\":2,\"name\":\"guest\"},"
	  "\"hwpt\":{\"id\":5,\"name\":null}},\"pasid_count\":7}],\"ioas\":[{\"id\":2,"
	  "\"name\":\"guest\",\"mapped\":0,\"mapping_count\":0,\"user_count\":6},{\"id\":3,"
	  "\"name\":\"other\",\"mapped\":0,\"mapping_count\":0,\"user_count\":3}],\"hwpt\":[{\"id\":4,"
	  "\"name\":\"plain\",\"ioas\":{\"id\":3,\"name\":\"other\"},\"device\":\"a\",\"pasid\":false,"
	  "\"automatic\":false,\"user_count\":0},{\"id\":5,\"name\":null,\"ioas\":{\"id\":2,"
	  "\"name\":\"guest\"},\"device\":\"a\",\"pasid\":true,\"automatic\":true,\"user_count\":6},"
	  "{\"id\":6,\"name\":null,\"ioas\":{\"id\":3,\"name\":\"other\"},\"device\":\"a\","
	  "\"pasid\":true,\"automatic\":true,\"user_count\":2}]}}" },
	{ CALL("ShowIoas", "{\"ioas\":{\"name\":\"guest\"}}"),
	  "{\"parameters\":{\"ioas\":{\"id\":2,\"name\":\"guest\",\"alignment\":4096,"
	  "\"range\":[{\"first\":\"0x0\",\"last\":\"0xfff\"},{\"first\":\"0x10000\",\"last\":\"0x10fff\"},"
	  "{\"first\":\"0x20000\",\"last\":\"0x20fff\"},{\"first\":\"0x30000\",\"last\":\"0x30fff\"},"
	  "{\"first\":\"0x40000\",\"last\":\"0x40fff\"},{\"first\":\"0x50000\",\"last\":\"0x50fff\"},"
	  "{\"first\":\"0x60000\",\"last\":\"0x60fff\"},{\"first\":\"0x70000\",\"last\":\"0x70fff\"},"
	  "{\"first\":\"0x80000\",\"last\":\"0x80fff\"},{\"first\":\"0x90000\",\"last\":\"0x90fff\"},"
	  "{\"first\":\"0xa0000\",\"last\":\"0xa0fff\"},{\"first\":\"0xb0000\",\"last\":\"0xb0fff\"},"
	  "{\"first\":\"0xc0000\",\"last\":\"0xc0fff\"},{\"first\":\"0xd0000\",\"last\":\"0xd0fff\"},"
	  "{\"first\":\"0xe0000\",\"last\":\"0xe0fff\"},{\"first\":\"0xf0000\",\"last\":\"0xf0fff\"},"
	  "{\"first\":\"0x100000\",\"last\":\"0x100fff\"},{\"first\":\"0x110000\",\"last\":\"0x110fff\"},"
	  "{\"first\":\"0x120000\",\"last\":\"0x120fff\"},{\"first\":\"0x130000\",\"last\":\"0x130fff\"}],"
	  "\"mapping\":[]}}}" },
	{ CALL("FreeIoas", "{\"ioas\":{\"name\":\"guest\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.ObjectInUse\",\"parameters\":{\"kind\":\"ioas\","
	  "\"object\":{\"id\":2,\"name\":\"guest\"},\"user\":[{\"kind\":\"device\",\"device\":\"a\"},"
	  "{\"kind\":\"pasid\",\"device\":\"a\",\"pasid\":" RANGE(
		  6, 8) "},{\"kind\":\"pasid\","
			"\"device\":\"a\",\"pasid\":" RANGE(
				100, 100) "},{\"kind\":\"pasid\",\"device\":\"a\","
					  "\"pasid\":" RANGE(102, 102) "}],\"more\":0}}" },
	{ CALL("FreeHwpt", "{\"hwpt\":{\"id\":6}}"),
	  "{\"error\":\"org.ioasidctl.Context.ObjectInUse\",\"parameters\":{\"kind\":\"hwpt\","
	  "\"object\":{\"id\":6,\"name\":null},\"user\":[{\"kind\":\"pasid\",\"device\":\"a\","
	  "\"pasid\":" RANGE(1, 2) "}],\"more\":0}}" },
	{ CALL("RemoveDevice", "{\"device\":{\"name\":\"a\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.StillBound\",\"parameters\":{\"device\":\"a\","
	  "\"pasid_count\":7,\"attached\":true}}" },
	{ CALL("RemoveDevice", "{\"device\":{\"name\":\"b\"}}"),
	  "{\"error\":\"org.ioasidctl.Context.UnknownObject\",\"parameters\":{\"kind\":\"device\",\"object\":{\"id\":null,\"name\":\"b\"}}}" },
	/* What would be done */
	{ CALL("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"all\":true,\"dry_run\":true}"),
	  "{\"parameters\":{\"count\":7,"
	  "\"plan\":[\"ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 1-2\","
	  "\"ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 6-8\","
	  "\"ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 100\","
	  "\"ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 102\",\"ioctl IOMMU_DESTROY hwpt 6\"]}}" },
	{ CALL("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
				     50, 60) "],\"target\":{\"name\":\"guest\"},\"dry_run\":true}"),
	  "{\"parameters\":{\"pasid\":[" RANGE(50, 60) "],\"count\":11,\"target\":" TARGET(
		  2, "guest",
		  5) ",\"failure\":null,"
		     "\"taken\":[],\"reserved\":null,\"plan\":[\"ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a pasid 50-60 hwpt 5\""
		     "]}}" },
	{ CALL("AllocHwpt",
	       "{\"device\":{\"name\":\"a\"},\"ioas\":{\"name\":\"guest\"},\"dry_run\":true}"),
	  "{\"parameters\":{\"hwpt\":null,\"plan\":[\"ioctl IOMMU_HWPT_ALLOC a ioas 2\"]}}" },
	{ CALL("MapIoas",
	       "{\"ioas\":{\"name\":\"guest\"},\"size\":4096,\"iova\":\"0x1000\",\"dry_run\":true}"),
	  "{\"parameters\":{\"iova\":\"0x1000\","
	  "\"plan\":[\"ioctl IOMMU_IOAS_MAP ioas 2 size 0x1000 iova 0x1000 read write\"]}}" },
	{ CALL("MapIoas", "{\"ioas\":{\"name\":\"guest\"},\"size\":4096,\"dry_run\":true}"),
	  "{\"parameters\":{\"iova\":null,"
	  "\"plan\":[\"ioctl IOMMU_IOAS_MAP ioas 2 size 0x1000 read write\"]}}" },
	{ CALL("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"},\"all\":true,\"dry_run\":true}"),
	  "{\"parameters\":{\"length\":0,"
	  "\"plan\":[\"ioctl IOMMU_IOAS_UNMAP ioas 2 iova 0x0 size 0xffffffffffffffff\"]}}" },
	{ CALL("DetachDevice", "{\"device\":{\"name\":\"a\"},\"dry_run\":true}"),
	  "{\"parameters\":{\"plan\":[\"ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a\"]}}" },
	{ CALL("RemoveDevice", "{\"device\":{\"name\":\"a\"},\"force\":true,\"dry_run\":true}"),
	  "{\"parameters\":{\"plan\":[\"ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 1-2\","
	  "\"ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 6-8\","
	  "\"ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 100\","
	  "\"ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 102\","
	  "\"ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a\",\"ioctl IOMMU_DESTROY hwpt 5\","
	  "\"ioctl IOMMU_DESTROY hwpt 6\"]}}" },
	{ CALL("Destroy", "{\"dry_run\":true}"),
	  "{\"parameters\":{\"plan\":[\"ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 1-2\","
	  "\"ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 6-8\","
	  "\"ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 100\","
	  "\"ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 102\","
	  "\"ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a\",\"ioctl IOMMU_DESTROY hwpt 4\","
	  "\"ioctl IOMMU_DESTROY hwpt 5\",\"ioctl IOMMU_DESTROY hwpt 6\","
	  "\"ioctl IOMMU_IOAS_UNMAP ioas 2 iova 0x0 size 0xffffffffffffffff\","
	  "\"ioctl IOMMU_DESTROY ioas 2\","
	  "\"ioctl IOMMU_IOAS_UNMAP ioas 3 iova 0x0 size 0xffffffffffffffff\","
	  "\"ioctl IOMMU_DESTROY ioas 3\"]}}" },
	/* And back */
	{ CALL("DetachDevice", "{\"device\":{\"name\":\"a\"}}"), "{\"parameters\":{}}" },
	{ CALL("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"all\":true}"),
	  "{\"parameters\":{\"count\":7}}" },
	{ CALL("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"all\":true}"),
	  "{\"parameters\":{\"count\":0}}" },
	{ CALL("Describe", "{}"),
	  "{\"parameters\":{\"name\":\"test\",\"pid\":77,\"uid\":42,\"created\":1,\"iommufd\":true," NEWS
	  "\"device\":[{\"device\":\"a\",\"path\":\"/sys/devices/a\",\"cdev\":\"vfio0\",\"group\":1,\"id\":1,"
	  "\"pasid_width\":20,\"attached\":null,\"pasid_count\":0}],\"ioas\":[{\"id\":2,\"name\":\"guest\","
	  "\"mapped\":0,\"mapping_count\":0,\"user_count\":0},{\"id\":3,\"name\":\"other\",\"mapped\":0,"
	  "\"mapping_count\":0,\"user_count\":1}],\"hwpt\":[{\"id\":4,\"name\":\"plain\",\"ioas\":{\"id\":3,\"name\":\"other\"},"
	  "\"device\":\"a\",\"pasid\":false,\"automatic\":false,\"user_count\":0}]}}" },
	{ CALL("FreeHwpt", "{\"hwpt\":{\"name\":\"plain\"}}"), "{\"parameters\":{}}" },
	{ CALL("FreeIoas", "{\"ioas\":{\"name\":\"guest\"}}"), "{\"parameters\":{}}" },
	{ CALL("RemoveDevice", "{\"device\":{\"name\":\"a\"}}"), "{\"parameters\":{}}" },
	{ CALL("Describe", "{}"),
	  "{\"parameters\":{\"name\":\"test\",\"pid\":77,\"uid\":42,\"created\":1,\"iommufd\":true," NEWS
	  "\"device\":[],\"ioas\":[{\"id\":3,\"name\":\"other\",\"mapped\":0,\"mapping_count\":0,"
	  "\"user_count\":0}],\"hwpt\":[]}}" },
};

static void transcript(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);

	world->context.record.pid = 77;
	world->context.record.uid = 42;
	assert_int_equal(str_replace(&record_device_at(&world->context.record, 0)->cdev, "vfio0"),
			 0);
	for (size_t i = 0; i < ARRAY_SIZE(script); i++) {
		_cleanup_json_ json_object *message = NULL;
		const char *text;

		say(&peer, script[i].call);
		message = hear(world, &peer);
		text = json_object_to_json_string_ext(
			message, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
		if (strcmp(text, script[i].answer) != 0)
			fail_msg("%s\n is answered %s\n not         %s", script[i].call, text,
				 script[i].answer);
		kernel_agrees(&world->context);
	}
	leave(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(transcript, setup, teardown),
	};

	return cmocka_run_group_tests_name("holder transcript", tests, NULL, NULL);
}
