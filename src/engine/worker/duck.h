/* The engine's C interface, resolved from libduckdb.so at run time: the server never maps it, and the binary starts
 * without it. duck()->query(...) is duckdb_query(...). */
#ifndef HS_ENGINE_WORKER_DUCK_H
#define HS_ENGINE_WORKER_DUCK_H

#include "base/err.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes" /* not ours */
#include <duckdb.h>
#pragma GCC diagnostic pop

#define DUCK_FUNCTIONS(F)                     \
    F(create_config)                          \
    F(set_config)                             \
    F(destroy_config)                         \
    F(open_ext)                               \
    F(close)                                  \
    F(connect)                                \
    F(disconnect)                             \
    F(interrupt)                              \
    F(library_version)                        \
    F(free)                                   \
    F(query)                                  \
    F(destroy_result)                         \
    F(result_error)                           \
    F(result_error_type)                      \
    F(column_count)                           \
    F(column_name)                            \
    F(column_logical_type)                    \
    F(fetch_chunk)                            \
    F(prepare)                                \
    F(prepare_error)                          \
    F(destroy_prepare)                        \
    F(nparams)                                \
    F(param_logical_type)                     \
    F(clear_bindings)                         \
    F(prepared_statement_column_count)        \
    F(prepared_statement_column_name)         \
    F(prepared_statement_column_logical_type) \
    F(prepared_statement_column_type)         \
    F(bind_value)                             \
    F(bind_varchar_length)                    \
    F(bind_null)                              \
    F(execute_prepared)                       \
    F(pending_prepared_streaming)             \
    F(pending_error)                          \
    F(execute_pending)                        \
    F(pending_execute_task)                   \
    F(create_task_state)                      \
    F(execute_tasks_state)                    \
    F(finish_execution)                       \
    F(destroy_task_state)                     \
    F(destroy_pending)                        \
    F(create_bool)                            \
    F(create_int8)                            \
    F(create_uint8)                           \
    F(create_int16)                           \
    F(create_uint16)                          \
    F(create_int32)                           \
    F(create_uint32)                          \
    F(create_int64)                           \
    F(create_uint64)                          \
    F(create_float)                           \
    F(create_double)                          \
    F(create_decimal)                         \
    F(create_date)                            \
    F(create_time)                            \
    F(create_timestamp)                       \
    F(create_timestamp_tz)                    \
    F(create_timestamp_ns)                    \
    F(create_interval)                        \
    F(create_uuid)                            \
    F(create_blob)                            \
    F(create_varchar_length)                  \
    F(create_null_value)                      \
    F(create_list_value)                      \
    F(get_list_child)                         \
    F(destroy_value)                          \
    F(get_type_id)                            \
    F(create_logical_type)                    \
    F(destroy_logical_type)                   \
    F(decimal_width)                          \
    F(decimal_scale)                          \
    F(decimal_internal_type)                  \
    F(enum_internal_type)                     \
    F(enum_dictionary_size)                   \
    F(enum_dictionary_value)                  \
    F(list_type_child_type)                   \
    F(array_type_child_type)                  \
    F(array_type_array_size)                  \
    F(map_type_key_type)                      \
    F(map_type_value_type)                    \
    F(struct_type_child_count)                \
    F(struct_type_child_name)                 \
    F(struct_type_child_type)                 \
    F(destroy_data_chunk)                     \
    F(data_chunk_get_size)                    \
    F(data_chunk_get_vector)                  \
    F(vector_get_data)                        \
    F(vector_get_validity)                    \
    F(vector_ensure_validity_writable)        \
    F(vector_assign_string_element_len)       \
    F(list_vector_get_child)                  \
    F(struct_vector_get_child)                \
    F(array_vector_get_child)                 \
    F(create_scalar_function)                 \
    F(destroy_scalar_function)                \
    F(scalar_function_set_name)               \
    F(scalar_function_add_parameter)          \
    F(scalar_function_set_return_type)        \
    F(scalar_function_set_extra_info)         \
    F(scalar_function_set_function)           \
    F(register_scalar_function)               \
    F(scalar_function_get_extra_info)         \
    F(scalar_function_set_error)              \
    F(scalar_function_set_varargs)            \
    F(scalar_function_set_special_handling)   \
    F(create_scalar_function_set)             \
    F(add_scalar_function_to_set)             \
    F(register_scalar_function_set)           \
    F(destroy_scalar_function_set)            \
    F(data_chunk_get_column_count)            \
    F(logical_type_get_alias)                 \
    F(logical_type_set_alias)                 \
    F(vector_get_column_type)                 \
    DUCK_TABLE_FUNCTIONS(F)

#define DUCK_TABLE_FUNCTIONS(F)                    \
    F(create_table_function)                       \
    F(destroy_table_function)                      \
    F(table_function_set_name)                     \
    F(table_function_add_parameter)                \
    F(table_function_set_extra_info)               \
    F(table_function_set_bind)                     \
    F(table_function_set_init)                     \
    F(table_function_set_local_init)               \
    F(table_function_set_function)                 \
    F(table_function_supports_projection_pushdown) \
    F(table_function_get_client_context)           \
    F(register_table_function)                     \
    F(bind_get_extra_info)                         \
    F(bind_get_parameter)                          \
    F(bind_add_result_column)                      \
    F(bind_set_bind_data)                          \
    F(bind_set_cardinality)                        \
    F(bind_set_error)                              \
    F(init_get_bind_data)                          \
    F(init_set_init_data)                          \
    F(init_get_column_count)                       \
    F(init_get_column_index)                       \
    F(init_set_max_threads)                        \
    F(init_set_error)                              \
    F(function_get_extra_info)                     \
    F(function_get_bind_data)                      \
    F(function_get_init_data)                      \
    F(function_get_local_init_data)                \
    F(function_set_error)                          \
    F(get_varchar)                                 \
    F(get_int64)                                   \
    F(get_list_size)                               \
    F(create_list_type)                            \
    F(create_map_type)                             \
    F(create_struct_type)                          \
    F(create_decimal_type)                         \
    F(vector_size)                                 \
    F(data_chunk_set_size)                         \
    F(list_vector_get_size)                        \
    F(list_vector_set_size)                        \
    F(list_vector_reserve)                         \
    F(destroy_client_context)                      \
    F(client_context_get_file_system)              \
    F(destroy_file_system)                         \
    F(file_system_open)                            \
    F(file_system_error_data)                      \
    F(create_file_open_options)                    \
    F(file_open_options_set_flag)                  \
    F(destroy_file_open_options)                   \
    F(file_handle_read)                            \
    F(file_handle_error_data)                      \
    F(destroy_file_handle)                         \
    F(error_data_message)                          \
    F(destroy_error_data)

struct duck {
#define F(name) __typeof__(&duckdb_##name) name;
    DUCK_FUNCTIONS(F)
#undef F
};

/* Once a process, before its walls: afterwards nothing can be mapped to be run. */
HS_MUST hs_rc hs_duck_load(const char *library, struct hs_err *err);
const struct duck *duck(void);

#endif
