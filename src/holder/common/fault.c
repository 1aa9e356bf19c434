/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/common/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fault_done(struct fault *fault)
{
	json_object_put(fault->parameters);
	*fault = (struct fault){ 0 };
}

static int raise_in(struct fault *fault, const char *interface, const char *name,
		    json_object *parameters)
{
	fault_done(fault);
	fault->raised = true;
	snprintf(fault->id, sizeof(fault->id), "%s.%s", interface, name);
	fault->parameters = parameters;
	return FAULTED;
}

void fault_copy(struct fault *fault, const char *id, json_object *parameters)
{
	fault_done(fault);
	fault->raised = true;
	snprintf(fault->id, sizeof(fault->id), "%s", id);
	fault->parameters = parameters;
}

int fault_raise(struct fault *fault, const char *name, json_object *parameters)
{
	return raise_in(fault, HOLDER_INTERFACE, name, parameters);
}

int fault_raise_string(struct fault *fault, const char *name, const char *key, const char *value)
{
	json_object *parameters = json_object_new_object();

	json_add_string(parameters, key, value);
	return fault_raise(fault, name, parameters);
}

int fault_limit(struct fault *fault, const char *what, uint64_t limit)
{
	json_object *parameters = json_object_new_object();

	json_add_string(parameters, "what", what);
	json_add_u64(parameters, "limit", limit);
	return fault_raise(fault, "LimitReached", parameters);
}

int fault_varlink(struct fault *fault, const char *name, const char *key, const char *value)
{
	json_object *parameters = json_object_new_object();

	if (key)
		json_add_string(parameters, key, value);
	return raise_in(fault, VARLINK_INTERFACE, name, parameters);
}

int fault_parameter(struct fault *fault, const char *parameter)
{
	return fault_varlink(fault, "InvalidParameter", "parameter", parameter);
}

int fault_system(struct fault *fault, const char *operation, int r)
{
	json_object *parameters = json_object_new_object();
	const char *name = strerrorname_np(-r);

	json_add_string(parameters, "operation", operation);
	json_add_u64(parameters, "errno", (uint64_t)-r);
	json_add_string(parameters, "errno_name", name ? name : "unknown");
	fault_raise(fault, "KernelError", parameters);
	fault->err = -r;
	return FAULTED;
}

int fault_kernel(struct fault *fault, enum iommufd_op op, int r)
{
	return fault_system(fault, iommufd_op_name(op), r);
}
